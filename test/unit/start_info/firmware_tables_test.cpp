// SPDX-License-Identifier: BSD-2-Clause
#include "start_info/firmware_tables.hpp"

#include "support/physical_memory.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <numeric>
#include <string_view>

namespace baton::test {
namespace {

constexpr uint64_t kSystem = 0x7f00'0018, kTables = 0x7f10'0000, kVendor = 0x7f20'0000;

void set_checksum(Buffer& bytes, std::size_t at, std::size_t count) {
    const auto sum = std::accumulate(
        bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count), 0u,
        [](unsigned total, std::byte byte) { return total + static_cast<unsigned>(byte); });
    bytes[at] = static_cast<std::byte>(0u - sum);
}

void put_text(Buffer& bytes, std::string_view text) {
    std::memcpy(bytes.data(), text.data(), text.size());
}

Buffer root_pointer(uint32_t rsdt = 0) {
    Buffer bytes(20);
    put_text(bytes, "RSD PTR ");
    std::memcpy(bytes.data() + 16, &rsdt, sizeof rsdt);
    set_checksum(bytes, 8, 20);
    return bytes;
}

Buffer smbios(std::string_view anchor, std::size_t bytes_of_it, std::size_t length_at) {
    Buffer bytes(bytes_of_it);
    put_text(bytes, anchor);
    bytes[length_at] = static_cast<std::byte>(bytes_of_it);
    set_checksum(bytes, length_at - 1, bytes_of_it);
    return bytes;
}

class FirmwareTablesTest : public testing::Test {
  protected:
    Islands memory_;
    std::unique_ptr<StartInfo> info_ = std::make_unique<StartInfo>();

    void put_system_table(uint64_t signature, uint64_t count = 3) {
        Buffer system;
        append(system, signature);
        for (const uint32_t value : {0x2'0046u, 120u, 0u, 0u})
            append(system, value);
        append(system, kVendor);
        append(system, uint64_t{0x1234});
        for (int i = 0; i < 8; ++i)
            append(system, uint64_t{0});
        append(system, count);
        append(system, kTables);
        memory_.put(kSystem, system);
        Buffer tables;
        add_table(tables, 0xeb9d'2d30, 0x11d3'2d88, 0x1000); // ACPI 1.0
        add_table(tables, 0xeb9d'2d31, 0x11d3'2d88, 0x2000); // SMBIOS
        add_table(tables, 0x1111'1111, 0x1111'1111, 0x3000);
        memory_.put(kTables, tables);
        Buffer vendor;
        for (const char16_t character : u"EDK\u00e9 II")
            append(vendor, character);
        memory_.put(kVendor, vendor);
        info_->efi_system_table = {kSystem};
    }
    static void add_table(Buffer& tables, uint32_t first, uint32_t second, uint64_t address) {
        append(tables, first);
        append(tables, second);
        append(tables, uint64_t{0x4dc1'3f27'9000'169a});
        append(tables, address);
    }
    FirmwareTables find() { return find_firmware_tables(*info_, memory_); }
};

constexpr uint64_t kSignature = 0x5453'5953'2049'4249;

TEST_F(FirmwareTablesTest, AreThoseOfTheEfiSystemTable) {
    put_system_table(kSignature);
    info_->rsdp = {0x9'0000}; // a copy
    const FirmwareTables tables = find();
    EXPECT_EQ(tables.efi_system_table, PhysAddr{kSystem});
    EXPECT_EQ(tables.uefi_revision, 0x2'0046u);
    EXPECT_EQ(tables.firmware_revision, 0x1234u);
    EXPECT_STREQ(tables.firmware_vendor.data(), "EDK? II");
    EXPECT_EQ(tables.rsdp, PhysAddr{0x1000});
    EXPECT_EQ(tables.smbios, PhysAddr{0x2000});
    EXPECT_EQ(tables.smbios3, PhysAddr{0});
}

TEST_F(FirmwareTablesTest, WithAnotherSignatureThereIsNoEfi) {
    put_system_table(kSignature + 1);
    EXPECT_EQ(find().efi_system_table, PhysAddr{0});
    memory_.put(kSystem, Buffer(119));
    EXPECT_EQ(find().efi_system_table, PhysAddr{0});
}

TEST_F(FirmwareTablesTest, MoreEntriesThanThereAreGiveNone) {
    put_system_table(kSignature, ~uint64_t{0});
    const FirmwareTables tables = find();
    EXPECT_EQ(tables.efi_system_table, PhysAddr{kSystem});
    EXPECT_EQ(tables.rsdp, PhysAddr{0});
}

TEST_F(FirmwareTablesTest, OfABiosAreWhereItLeavesThem) {
    memory_.put(0xf'5000, root_pointer());
    memory_.put(0xf'0010, smbios("_SM_", 31, 5));
    memory_.put(0xf'ffe0, smbios("_SM3_", 24, 6));
    const FirmwareTables tables = find();
    EXPECT_EQ(tables.rsdp, PhysAddr{0xf'5000});
    EXPECT_EQ(tables.smbios, PhysAddr{0xf'0010});
    EXPECT_EQ(tables.smbios3, PhysAddr{0xf'ffe0});
    const auto ranges = tables.ranges.ranges();
    for (const PhysRange range :
         {PhysRange{{0xf'5000}, 20}, PhysRange{{0xf'0010}, 31}, PhysRange{{0xf'ffe0}, 24}})
        EXPECT_NE(std::ranges::find(ranges, range), ranges.end()) << std::hex << range.base.value;
}

TEST_F(FirmwareTablesTest, NeedGoodChecksumsAndLengths) {
    Buffer wrong = smbios("_SM_", 31, 5);
    wrong[10] ^= std::byte{1};
    memory_.put(0xf'0010, wrong);
    memory_.put(0xf'0100, smbios("_SM3_", 16, 6)); // too short
    const FirmwareTables tables = find();
    EXPECT_EQ(tables.smbios, PhysAddr{0});
    EXPECT_EQ(tables.smbios3, PhysAddr{0});
}

TEST_F(FirmwareTablesTest, TheRootPointerThatWasToldIsBelieved) {
    memory_.put(0xf'5000, root_pointer());
    info_->rsdp = {0x7ffe'0000};
    EXPECT_EQ(find().rsdp, PhysAddr{0x7ffe'0000});
}

TEST_F(FirmwareTablesTest, ACopyOfTheRootPointerIsSecondBest) {
    ASSERT_TRUE(info_->structures.add({{0x9'0000}, 0x1000}));
    info_->rsdp = {0x9'0800};
    EXPECT_EQ(find().rsdp, PhysAddr{0x9'0800});
    memory_.put(0xf'5000, root_pointer());
    EXPECT_EQ(find().rsdp, PhysAddr{0xf'5000});
}

} // namespace
} // namespace baton::test

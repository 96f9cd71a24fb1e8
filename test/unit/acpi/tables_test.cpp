// SPDX-License-Identifier: BSD-2-Clause
#include "acpi/tables.hpp"

#include "support/acpi_tables.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <string_view>

namespace baton::test {
namespace {

using namespace acpi_tables;

constexpr PhysAddr kRoot{0xf'0000};
constexpr uint64_t kRsdt = 0x1000, kXsdt = 0x2000, kFirst = 0x3000, kSecond = 0x4000;

class AcpiTables : public testing::Test {
  protected:
    AcpiMemory memory_;

    void SetUp() override {
        Buffer rsdt, xsdt;
        append(rsdt, static_cast<uint32_t>(kFirst));
        append(xsdt, kFirst);
        append(xsdt, uint64_t{0x9999'0000}); // nothing is there
        append(xsdt, kSecond);
        memory_.islands = {{kRoot.value, root_pointer(2, kRsdt, kXsdt)},
                           {kRsdt, table("RSDT", rsdt)},
                           {kXsdt, table("XSDT", xsdt)},
                           {kFirst, table("ONE ", text("first"))},
                           {kSecond, table("TWO ", text("second"))}};
    }
    std::string body_of(std::string_view signature) {
        const Bytes found = acpi::find_table(memory_, kRoot, signature);
        if (found.empty())
            return "none";
        return {reinterpret_cast<const char*>(found.data()) + 36, found.size() - 36};
    }
};

TEST_F(AcpiTables, AreFoundByTheirSignature) {
    EXPECT_EQ(body_of("ONE "), "first");
    EXPECT_EQ(body_of("TWO "), "second");
    EXPECT_EQ(body_of("SIX "), "none");
}

TEST_F(AcpiTables, OfRevision0AreThoseOfTheRsdt) {
    memory_.islands[kRoot.value] = root_pointer(0, kRsdt, kXsdt);
    EXPECT_EQ(body_of("ONE "), "first");
    EXPECT_EQ(body_of("TWO "), "none");
}

TEST_F(AcpiTables, WithoutAGoodXsdtTheRsdtCounts) {
    memory_.islands.erase(kXsdt);
    EXPECT_EQ(body_of("ONE "), "first");
    EXPECT_EQ(body_of("TWO "), "none");
}

TEST_F(AcpiTables, WithABadByteCountForNothing) {
    for (const auto& [address, good] : std::map(memory_.islands)) {
        if (address == kFirst || address == kRsdt)
            continue;
        for (std::size_t i = 0; i < good.size(); ++i) {
            memory_.islands[address][i] ^= std::byte{0x10};
            EXPECT_EQ(body_of("TWO "), "none") << std::hex << address << " " << i;
            memory_.islands[address] = good;
        }
    }
    EXPECT_EQ(body_of("TWO "), "second");
}

TEST_F(AcpiTables, ThatAreNotThereAreNone) {
    memory_.islands.erase(kRoot.value);
    EXPECT_EQ(body_of("ONE "), "none");
    EXPECT_TRUE(acpi::find_table(memory_, {0}, "ONE ").empty());
}

TEST_F(AcpiTables, WithAnAbsurdLengthAreNone) {
    for (const uint32_t length : {0u, 35u, (1u << 20) + 1, ~0u}) {
        Buffer& second = memory_.islands[kSecond];
        std::memcpy(second.data() + 4, &length, sizeof length);
        set_checksum(second, 9, second.size());
        EXPECT_EQ(body_of("TWO "), "none") << length;
    }
}

Buffer hpet(uint8_t space, uint64_t address) {
    Buffer body;
    append(body, uint32_t{0x8086'a201});
    append(body, space);
    append(body, uint8_t{64});
    append(body, uint16_t{0});
    append(body, address);
    body.resize(20);
    return table("HPET", body);
}

TEST(AcpiHpet, TellsWhereTheRegistersAre) {
    EXPECT_EQ(acpi::timer_block(hpet(0, 0xfed0'0000)), PhysAddr{0xfed0'0000});
    EXPECT_FALSE(acpi::timer_block(hpet(1, 0xfed0'0000))) << "I/O ports";
    EXPECT_FALSE(acpi::timer_block(hpet(0, 0)));
    EXPECT_FALSE(acpi::timer_block({}));
    EXPECT_FALSE(acpi::timer_block(Bytes(hpet(0, 1)).first(55)));
}

void add_io_apic(Buffer& body, uint32_t registers, uint32_t first_interrupt) {
    append(body, uint8_t{1});
    append(body, uint8_t{12});
    append(body, uint16_t{0});
    append(body, registers);
    append(body, first_interrupt);
}

TEST(AcpiMadt, TellsOfTheIoApicOfInterrupt0) {
    Buffer body(8);
    body.insert(body.end(), {std::byte{0}, std::byte{8}}); // a local APIC
    body.resize(body.size() + 6);
    add_io_apic(body, 0xfec1'0000, 24);
    EXPECT_FALSE(acpi::first_io_apic(table("APIC", body)));
    add_io_apic(body, 0xfec0'0000, 0);
    const auto found = acpi::first_io_apic(table("APIC", body));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->registers, PhysAddr{0xfec0'0000});
    EXPECT_EQ(found->first_interrupt, 0u);
}

TEST(AcpiMadt, AnEntryThatGoesNowhereEndsIt) {
    for (const auto length : {uint8_t{0}, uint8_t{1}, uint8_t{13}}) {
        Buffer body(8);
        add_io_apic(body, 0xfec0'0000, 0);
        body[9] = std::byte{length};
        EXPECT_FALSE(acpi::first_io_apic(table("APIC", body))) << int{length};
    }
    EXPECT_FALSE(acpi::first_io_apic({}));
    Buffer body(8);
    body.insert(body.end(), {std::byte{1}, std::byte{2}}); // too short for what it says it is
    EXPECT_FALSE(acpi::first_io_apic(table("APIC", body)));
}

Buffer facs(uint32_t length) {
    Buffer bytes = text("FACS");
    append(bytes, length);
    bytes.resize(64);
    return bytes;
}

/// The body of one with these pointers.
Buffer fadt(uint32_t facs, uint32_t dsdt, uint64_t facs64, uint64_t dsdt64) {
    Buffer body;
    append(body, facs);
    append(body, dsdt);
    body.resize(132 - 36);
    append(body, facs64);
    append(body, dsdt64);
    return body;
}

TEST_F(AcpiTables, AreListedWithBothDsdtsAndBothFacs) {
    memory_.islands[kSecond] = table("FACP", fadt(0x5000, 0x6000, 0x7000, 0x8000));
    memory_.islands[0x5000] = facs(64);
    memory_.islands[0x7000] = facs(0); // less than it can have
    for (const uint64_t address : {0x6000, 0x8000})
        memory_.islands[address] = table("DSDT", Buffer(4));
    RangeSet listed;
    acpi::add_tables(memory_, kRoot, listed);
    for (const PhysRange range : {PhysRange{{0x5000}, 64}, PhysRange{{0x6000}, 40},
                                  PhysRange{{0x7000}, 64}, PhysRange{{0x8000}, 40}})
        EXPECT_EQ(std::ranges::count(listed.ranges(), range), 1) << std::hex << range.base.value;
}

TEST_F(AcpiTables, ThatAreNoDsdtAndNoFacsAreNotListed) {
    memory_.islands[kSecond] = table("FACP", fadt(0x5000, 0x6000, 0x7000, 0x9000));
    memory_.islands[0x5000] = facs(64);
    memory_.islands[0x5000][0] = std::byte{'f'};
    memory_.islands[0x6000] = table("SSDT", Buffer(4));
    memory_.islands[0x7000] = facs(65); // and memory for 64
    RangeSet listed;
    acpi::add_tables(memory_, kRoot, listed);
    EXPECT_TRUE(std::ranges::none_of(listed.ranges(), [](const PhysRange& range) {
        return range.base >= PhysAddr{0x5000} && range.base < PhysAddr{0xa000};
    }));
}

TEST_F(AcpiTables, AreListedWithTheRootPointerAndTheDsdt) {
    Buffer fadt(112); // without its header: up to X_DSDT and that
    const uint64_t dsdt = 0x5000;
    std::memcpy(fadt.data() + 140 - 36, &dsdt, sizeof dsdt);
    memory_.islands[kSecond] = table("FACP", fadt);
    memory_.islands[dsdt] = table("DSDT", Buffer(64));
    RangeSet listed;
    acpi::add_tables(memory_, kRoot, listed);
    for (const PhysRange range : {PhysRange{kRoot, 36}, PhysRange{{kXsdt}, 36 + 24},
                                  PhysRange{{kSecond}, 36 + 112}, PhysRange{{dsdt}, 36 + 64}})
        EXPECT_EQ(std::ranges::count(listed.ranges(), range), 1) << std::hex << range.base.value;
}

TEST(AcpiRootPointer, IsFoundInTheBiosAreaAndInTheExtendedDataArea) {
    const Buffer root = root_pointer(0, 0x1000, 0);
    AcpiMemory memory;
    memory.islands[0x40e] = {std::byte{0xc0}, std::byte{0x9f}};
    EXPECT_EQ(acpi::find_root_pointer(memory), PhysAddr{0});
    memory.islands[0xf'fff0 - 0x10] = root;
    EXPECT_EQ(acpi::find_root_pointer(memory), PhysAddr{0xf'ffe0});
    memory.islands[0xe'0000] = root;
    EXPECT_EQ(acpi::find_root_pointer(memory), PhysAddr{0xe'0000});
    memory.islands[0x9'fc00 + 1024] = root; // beyond the first KiB
    EXPECT_EQ(acpi::find_root_pointer(memory), PhysAddr{0xe'0000});
    memory.islands[0x9'fff0] = root;
    EXPECT_EQ(acpi::find_root_pointer(memory), PhysAddr{0x9'fff0});
}

TEST(AcpiRootPointer, NeedsAGoodChecksumAndAMultipleOf16) {
    AcpiMemory memory;
    memory.islands[0xe'0008] = root_pointer(0, 0x1000, 0);
    memory.islands[0xe'0010] = root_pointer(0, 0x1000, 0);
    memory.islands[0xe'0010][9] ^= std::byte{1};
    EXPECT_EQ(acpi::find_root_pointer(memory), PhysAddr{0});
}

} // namespace
} // namespace baton::test

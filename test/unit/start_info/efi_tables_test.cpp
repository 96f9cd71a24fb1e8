// SPDX-License-Identifier: BSD-2-Clause
#include "start_info/efi_tables.hpp"

#include "start_info/efi_system_table.hpp"
#include "support/physical_memory.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <vector>

namespace baton::test {
namespace {

constexpr PhysAddr kSystem{0x1'0000}, kList{0x2'0000}, kVendor{0x3'0000}, kRuntime{0x4'0000};
constexpr uint64_t kTable = 0x10'0000; // the first one's; each is in a MiB of its own
constexpr uint64_t kApart = 0x10'0000;

constexpr EfiGuid kAttributes = efi_guid(0xdcfa911d, 0x26eb, 0x469f, 0xa220'38b7'dc46'1220);
constexpr EfiGuid kEsrt = efi_guid(0xb122a263, 0x3661, 0x4f68, 0x9929'78f8'b0d6'2180);
constexpr EfiGuid kSeed = efi_guid(0x1ce1e5bc, 0x7ceb, 0x42f2, 0x81e5'8aad'f180'f57b);
constexpr EfiGuid kProperties = efi_guid(0xeb66918a, 0x7eef, 0x402a, 0x842e'931d'21c3'8ae9);
constexpr EfiGuid kHobs = efi_guid(0x7739f24c, 0x93d7, 0x11d4, 0x9a3a'0090'273f'c14d);
constexpr EfiGuid kMok = efi_guid(0xc451ed2b, 0x9694, 0x45d3, 0xbaba'ed9f'8988'a389);
constexpr EfiGuid kImages = efi_guid(0xd719b2cb, 0x3d3a, 0x4596, 0xa3bc'dad0'0e67'656f);
constexpr EfiGuid kDebug = efi_guid(0x49152e77, 0x1ada, 0x4764, 0xb7a2'7afe'fed9'5e8b);
constexpr EfiGuid kUnknown = efi_guid(1, 2, 3, 4);

template<class... T>
Buffer bytes_of(std::size_t size, T... values) {
    Buffer bytes;
    (append(bytes, values), ...);
    bytes.resize(size);
    return bytes;
}

class EfiTablesTest : public testing::Test {
  protected:
    /// Memory of 64 KiB that begins with `content`.
    uint64_t add(const EfiGuid& guid, Buffer content) {
        const uint64_t address = kTable + list_.size() * kApart;
        content.resize(0x1'0000);
        memory_.put(address, std::move(content));
        list_.push_back({guid, address});
        return address;
    }
    std::vector<PhysRange> collect() {
        EfiSystemTable system{};
        system.signature = kEfiSystemTableSignature;
        system.header_bytes = sizeof system;
        system.firmware_vendor = kVendor.value;
        system.runtime_services = kRuntime.value;
        system.table_count = list_.size();
        system.tables = kList.value;
        Buffer system_bytes, list_bytes, runtime_bytes;
        append(system_bytes, system);
        for (const EfiConfigurationTable& entry : list_)
            append(list_bytes, entry);
        append(runtime_bytes, EfiTableHeader{0, 0, 136, 0, 0});
        runtime_bytes.resize(136);
        memory_.put(kSystem.value, system_bytes);
        memory_.put(kList.value, list_bytes);
        memory_.put(kRuntime.value, runtime_bytes);
        memory_.put(kVendor.value, bytes_of(6, u'M', u'E'));
        RangeSet ranges;
        add_efi_tables(memory_, kSystem, ranges);
        return {ranges.ranges().begin(), ranges.ranges().end()};
    }
    /// The bytes of the range that begins there; 0: none does.
    static uint64_t bytes_at(const std::vector<PhysRange>& ranges, uint64_t address) {
        const auto found = std::ranges::find(ranges, PhysAddr{address}, &PhysRange::base);
        return found == ranges.end() ? 0 : found->bytes;
    }
    void expect_bytes(const EfiGuid& guid, const Buffer& content, uint64_t bytes) {
        const uint64_t address = add(guid, content);
        EXPECT_EQ(bytes_at(collect(), address), bytes);
    }

    Islands memory_;
    std::vector<EfiConfigurationTable> list_;
};

TEST_F(EfiTablesTest, AreTheSystemTableItsListItsTextAndItsServices) {
    add(kUnknown, {});
    const auto ranges = collect();
    EXPECT_EQ(bytes_at(ranges, kSystem.value), sizeof(EfiSystemTable));
    EXPECT_EQ(bytes_at(ranges, kList.value), sizeof(EfiConfigurationTable));
    EXPECT_EQ(bytes_at(ranges, kVendor.value), 6u);
    EXPECT_EQ(bytes_at(ranges, kRuntime.value), 136u);
}

TEST_F(EfiTablesTest, AreAsLongAsTheySay) {
    expect_bytes(kAttributes, bytes_of(16, 1u, 100u, 48u, 0u), 16 + 100 * 48);
    expect_bytes(kEsrt, bytes_of(16, 3u, 9u, uint64_t{1}), 16 + 3 * 40);
    expect_bytes(kSeed, bytes_of(4, 512u), 4 + 512);
    expect_bytes(kProperties, bytes_of(8, uint16_t{1}, uint16_t{8}, 0xffu), 8);
}

TEST_F(EfiTablesTest, AreWalkedToTheirEnd) {
    expect_bytes(kHobs,
                 bytes_of(72, uint16_t{1}, uint16_t{56}, 0u, uint64_t{0}, uint64_t{0}, uint64_t{0},
                          uint64_t{0}, uint64_t{0}, uint64_t{0}, uint16_t{4}, uint16_t{8}, 0u,
                          uint16_t{0xffff}, uint16_t{8}, 0u),
                 72);
    Buffer mok(264 + 1000 + 264);
    mok[0] = std::byte{'M'};
    const uint64_t size = 1000;
    std::memcpy(mok.data() + 256, &size, sizeof size);
    expect_bytes(kMok, mok, 264 + 1000 + 264);
    Buffer images(8 + 40 + 60);
    const uint64_t count = 2;
    const uint32_t sizes[] = {40, 60};
    std::memcpy(images.data(), &count, sizeof count);
    std::memcpy(images.data() + 8 + 4, &sizes[0], sizeof sizes[0]);
    std::memcpy(images.data() + 8 + 40 + 4, &sizes[1], sizeof sizes[1]);
    expect_bytes(kImages, images, 8 + 40 + 60);
}

TEST_F(EfiTablesTest, AreFollowedToWhatTheyLeadTo) {
    memory_.put(0x8000'0000, Buffer(5 * 8));
    add(kDebug, bytes_of(16, 1u, 5u, uint64_t{0x8000'0000}));
    EXPECT_EQ(bytes_at(collect(), 0x8000'0000), 5u * 8);
    Buffer smbios3(24);
    smbios3[6] = std::byte{24};
    const uint32_t most = 700;
    const uint64_t structures = 0x9000'0000;
    std::memcpy(smbios3.data() + 12, &most, sizeof most);
    std::memcpy(smbios3.data() + 16, &structures, sizeof structures);
    memory_.put(structures, Buffer(1000));
    expect_bytes(kEfiSmbios3, smbios3, 24);
    EXPECT_EQ(bytes_at(collect(), structures), 700u);
}

TEST_F(EfiTablesTest, OfUnknownOrAbsurdLengthKeepTheirBeginning) {
    expect_bytes(kUnknown, {}, 1);
    expect_bytes(kAttributes, bytes_of(16, 1u, ~0u, ~0u, 0u), 1);
    expect_bytes(kSeed, bytes_of(4, 0x1'0000u), 1); // beyond the memory
    expect_bytes(kMok, Buffer(8, std::byte{0xff}), 2 * 264);
    expect_bytes(kImages, Buffer(8, std::byte{0xff}), 8);
}

TEST_F(EfiTablesTest, OutsideOfMemoryAreLeftOut) {
    list_ = {{kAttributes, 0}, {kAttributes, ~uint64_t{0}}, {kSeed, 0xf000'0000'0000}};
    EXPECT_EQ(collect().size(), 4u);
    RangeSet ranges;
    add_efi_tables(memory_, {0x7777'0000}, ranges);
    EXPECT_TRUE(ranges.ranges().empty());
}

} // namespace
} // namespace baton::test

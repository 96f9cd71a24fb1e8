// SPDX-License-Identifier: BSD-2-Clause
#include "memory/efi_runtime.hpp"

#include "support/bytes.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <vector>

namespace baton::test {
namespace {

constexpr std::size_t kStride = 48;
constexpr uint32_t kCode = 5, kData = 6, kConventional = 7, kMappedIo = 11;
constexpr uint64_t kWb = 8, kUc = 1, kXp = 0x4000, kRo = 0x20000;

class Descriptors {
  public:
    Descriptors& add(uint32_t type, uint64_t base, uint64_t pages, uint64_t attribute) {
        append(bytes_, EfiMemoryDescriptor{.type = type,
                                           .padding = 0,
                                           .physical_start = base,
                                           .virtual_start = 0xbad,
                                           .number_of_pages = pages,
                                           .attribute = attribute});
        bytes_.resize(++count_ * kStride, std::byte{0xee});
        return *this;
    }
    EfiMemoryMap map() const { return {bytes_, kStride}; }
    std::span<std::byte> bytes() { return bytes_; }

  private:
    Buffer bytes_;
    std::size_t count_ = 0;
};

std::vector<RuntimeRange> ranges(const Descriptors& map, const Descriptors& attributes) {
    std::vector<RuntimeRange> room(map.map().size() + attributes.map().size());
    const auto found = efi_runtime_ranges(map.map(), attributes.map(), room);
    return {found.begin(), found.end()};
}

using Ranges = std::vector<RuntimeRange>;

TEST(EfiRuntime, HasDevicesAndCodeThatRuntimeServicesUse) {
    const auto map = Descriptors()
                         .add(kConventional, 0x1000, 1, kWb)
                         .add(kCode, 0x2000, 2, kWb | kEfiMemoryRuntime)
                         .add(kData, 0x4000, 1, kWb | kEfiMemoryRuntime)
                         .add(kMappedIo, 0xffc0'0000, 16, kUc | kEfiMemoryRuntime)
                         .add(kMappedIo, 0xfee0'0000, 1, kUc);
    EXPECT_EQ(ranges(map, {}), (Ranges{{{{0x2000}, 0x2000}, RuntimeUse::code},
                                       {{{0xffc0'0000}, 0x1'0000}, RuntimeUse::device}}));
}

TEST(EfiRuntime, TellsCodeFromDataByTheMemoryAttributesTable) {
    const auto attributes = Descriptors()
                                .add(kCode, 0x2000, 1, kRo | kEfiMemoryRuntime)
                                .add(kCode, 0x3000, 1, kXp | kEfiMemoryRuntime)
                                .add(kCode, 0x4000, 1, kRo | kXp | kEfiMemoryRuntime)
                                .add(kCode, 0x5000, 1, kEfiMemoryRuntime)
                                .add(kConventional, 0x6000, 1, kRo);
    EXPECT_EQ(ranges({}, attributes), (Ranges{{{{0x2000}, 0x1000}, RuntimeUse::code_read_execute},
                                              {{{0x3000}, 0x1000}, RuntimeUse::code_read_write},
                                              {{{0x4000}, 0x1000}, RuntimeUse::code_read_only}}));
}

TEST(EfiRuntime, RefusesATableThatCannotBeOne) {
    using Header = MemoryAttributesTable::Header;
    const auto bytes = [](uint32_t entries, uint32_t size) {
        return MemoryAttributesTable::bytes(Header{
            .version = 1, .number_of_entries = entries, .descriptor_size = size, .flags = 0});
    };
    EXPECT_EQ(bytes(3, 48), 16u + 3 * 48);
    EXPECT_EQ(bytes(0, 48), 16u);
    EXPECT_EQ(bytes(3, 39), 0u);
    EXPECT_EQ(bytes(~0u, 48), 0u);
    EXPECT_EQ(bytes(3, ~0u), 0u);
    EXPECT_EQ(MemoryAttributesTable::descriptors({}).size(), 0u);
}

TEST(EfiRuntime, GivesTheFirmwareTheAddressesOfRuntimeServicesAlone) {
    auto map = Descriptors()
                   .add(kConventional, 0x1000, 1, kWb)
                   .add(kCode, 0x2000, 2, kWb | kEfiMemoryRuntime)
                   .add(kMappedIo, 0xfee0'0000, 1, kUc)
                   .add(kMappedIo, 0xffc0'0000, 16, kUc | kEfiMemoryRuntime);
    constexpr VirtAddr kDirectMap{0xffff'8000'0000'0000};
    set_virtual_starts(map.bytes(), kStride, kDirectMap);
    for (std::size_t i = 0; i < map.map().size(); ++i)
        EXPECT_EQ(map.map()[i].virtual_start, kDirectMap.value + map.map()[i].physical_start);

    Buffer into(map.bytes().size());
    const std::size_t used = efi_runtime_map(map.map(), into);
    const EfiMemoryMap runtime(Bytes(into).first(used), kStride);
    ASSERT_EQ(runtime.size(), 2u);
    EXPECT_EQ(runtime[0].physical_start, 0x2000u);
    EXPECT_EQ(runtime[1].virtual_start, kDirectMap.value + 0xffc0'0000);
    EXPECT_TRUE(std::ranges::equal(runtime.at(1), map.map().at(3)));
}

} // namespace
} // namespace baton::test

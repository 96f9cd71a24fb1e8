// SPDX-License-Identifier: BSD-2-Clause
#include "abi/boot_info.hpp"
#include "kernel_in_cpp20.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <gtest/gtest.h>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace baton::test {
namespace {

/// An entry as a later loader might make it, grown at its end.
template<class Entry>
struct Grown {
    Entry entry;
    uint64_t later_field = 0xdddd'dddd'dddd'dddd;
};

using Range = EntryRange<BatonMemoryRange>;
static_assert(std::forward_iterator<Range::Iterator>);
static_assert(std::ranges::forward_range<Range>);

template<class T>
uint64_t address_of(const T& object) {
    return reinterpret_cast<uint64_t>(&object);
}

constexpr BatonMemoryRange range_at(uint64_t base, uint64_t bytes, uint32_t type) {
    return {.base_physical = base,
            .bytes = bytes,
            .type = type,
            .firmware_type = BATON_NO_FIRMWARE_TYPE,
            .attributes = 0,
            .origin = 0};
}

constexpr std::array<Grown<BatonMemoryRange>, 3> kGrownMap = {{
    {range_at(0x1000, 0x5000, BATON_MEMORY_USABLE)},
    {range_at(0x6000, 0x1000, BATON_MEMORY_RESERVED)},
    {range_at(0x8000, 0x2000, BATON_MEMORY_USABLE)},
}};

BatonBootInfo record_with_grown_map() {
    BatonBootInfo info{};
    info.memory_map = address_of(kGrownMap);
    info.memory_map_count = kGrownMap.size();
    info.memory_map_entry_bytes = sizeof kGrownMap[0];
    return info;
}

TEST(EntryRange, StepsByTheLoadersEntrySize) {
    const BatonBootInfo info = record_with_grown_map();
    std::vector<uint64_t> bases;
    for (const BatonMemoryRange& range : BootInfoView(info).memory_map())
        bases.push_back(range.base_physical);
    EXPECT_EQ(bases, (std::vector<uint64_t>{0x1000, 0x6000, 0x8000}));
}

TEST(EntryRange, CompilesAndWorksAsCpp20) {
    EXPECT_EQ(usable_bytes_in_cpp20(record_with_grown_map()), 0x7000u);
}

TEST(EntryRange, IndexesByTheLoadersEntrySize) {
    const BatonBootInfo info = record_with_grown_map();
    const auto map = BootInfoView(info).memory_map();
    ASSERT_EQ(map.size(), 3u);
    EXPECT_FALSE(map.empty());
    for (uint32_t i = 0; i < map.size(); ++i)
        EXPECT_EQ(&map[i], &kGrownMap[i].entry);
}

TEST(EntryRange, AnEmptyArrayHasNothingToStepOver) {
    const Range range(0, 0, sizeof(BatonMemoryRange));
    EXPECT_TRUE(range.empty());
    EXPECT_EQ(range.begin(), range.end());
}

TEST(EntryRange, IteratorsStepBeforeAndAfter) {
    const BatonBootInfo info = record_with_grown_map();
    auto iterator = BootInfoView(info).memory_map().begin();
    EXPECT_EQ(iterator++->base_physical, 0x1000u);
    EXPECT_EQ(iterator->base_physical, 0x6000u);
    EXPECT_EQ((++iterator)->base_physical, 0x8000u);
}

TEST(EntryRange, WorksWithTheAlgorithmsOfTheLibrary) {
    const BatonBootInfo info = record_with_grown_map();
    EXPECT_EQ(std::ranges::count(BootInfoView(info).memory_map(), uint32_t{BATON_MEMORY_USABLE},
                                 &BatonMemoryRange::type),
              2);
}

TEST(BootInfoView, ShowsEachArrayOfTheRecord) {
    const BatonKernelSegment segment{};
    const BatonFramebuffer framebuffers[2] = {};
    const BatonTimeStamp stamps[3] = {};
    BatonBootInfo info{};
    info.kernel_segments = address_of(segment);
    info.kernel_segment_count = 1;
    info.kernel_segment_entry_bytes = sizeof segment;
    info.framebuffers = address_of(framebuffers);
    info.framebuffer_count = 2;
    info.framebuffer_entry_bytes = sizeof framebuffers[0];
    info.time_stamps = address_of(stamps);
    info.time_stamp_count = 3;
    info.time_stamp_entry_bytes = sizeof stamps[0];
    const BatonModule modules[2] = {};
    info.modules = address_of(modules);
    info.module_count = 2;
    info.module_entry_bytes = sizeof modules[0];
    const BatonIdentityMapping mappings[3] = {};
    info.identity_mappings = address_of(mappings);
    info.identity_mapping_count = 3;
    info.identity_mapping_entry_bytes = sizeof mappings[0];

    const BootInfoView view(info);
    EXPECT_EQ(&view.record(), &info);
    ASSERT_EQ(view.kernel_segments().size(), 1u);
    EXPECT_EQ(&view.kernel_segments()[0], &segment);
    ASSERT_EQ(view.framebuffers().size(), 2u);
    EXPECT_EQ(&view.framebuffers()[1], &framebuffers[1]);
    ASSERT_EQ(view.time_stamps().size(), 3u);
    EXPECT_EQ(&view.time_stamps()[2], &stamps[2]);
    ASSERT_EQ(view.modules().size(), 2u);
    EXPECT_EQ(&view.modules()[1], &modules[1]);
    ASSERT_EQ(view.identity_mappings().size(), 3u);
    EXPECT_EQ(&view.identity_mappings()[2], &mappings[2]);
}

TEST(BootInfoView, ShowsTheModesOfAFramebuffer) {
    const BatonVideoMode modes[2] = {};
    BatonFramebuffer framebuffer{};
    EXPECT_TRUE(BootInfoView::modes(framebuffer).empty());
    framebuffer.modes = address_of(modes);
    framebuffer.mode_count = 2;
    framebuffer.mode_entry_bytes = sizeof modes[0];
    ASSERT_EQ(BootInfoView::modes(framebuffer).size(), 2u);
    EXPECT_EQ(&BootInfoView::modes(framebuffer)[1], &modes[1]);
}

TEST(BootInfoView, ShowsTheFirmwaresMapTheStackAndTheTexts) {
    std::array<std::byte, 96> firmware_map{};
    std::array<std::byte, 64> stack{};
    BatonBootInfo info{};
    info.firmware_memory_map = address_of(firmware_map);
    info.firmware_memory_map_bytes = firmware_map.size();
    info.stack_base = address_of(stack);
    info.stack_bytes = stack.size();
    constexpr std::string_view kName = "Baton", kVersion = "0.1.0";
    std::ranges::copy(kName, info.loader_name);
    std::ranges::copy(kVersion, info.loader_version);

    const BootInfoView view(info);
    EXPECT_EQ(view.firmware_memory_map().data(), firmware_map.data());
    EXPECT_EQ(view.firmware_memory_map().size(), firmware_map.size());
    EXPECT_EQ(view.stack().data(), stack.data());
    EXPECT_EQ(view.stack().size(), stack.size());
    EXPECT_EQ(view.loader_name(), kName);
    EXPECT_EQ(view.loader_version(), kVersion);
}

TEST(BootInfoView, ATextThatFillsItsFieldEndsWithIt) {
    BatonBootInfo info{};
    std::ranges::fill(info.loader_name, 'n');
    std::ranges::fill(info.loader_version, 'v');
    EXPECT_EQ(BootInfoView(info).loader_name(), std::string(sizeof info.loader_name, 'n'));
    EXPECT_EQ(BootInfoView(info).loader_version(), std::string(sizeof info.loader_version, 'v'));
}

TEST(BootInfoView, WhatIsNotThereIsEmpty) {
    const BatonBootInfo info{};
    const BootInfoView view(info);
    EXPECT_TRUE(view.memory_map().empty() && view.kernel_segments().empty());
    EXPECT_TRUE(view.framebuffers().empty() && view.time_stamps().empty());
    EXPECT_TRUE(view.modules().empty() && view.identity_mappings().empty());
}

TEST(BootInfoView, TheFirmwaresMapIsEmptyWithoutUefi) {
    const BatonBootInfo info{};
    EXPECT_TRUE(BootInfoView(info).firmware_memory_map().empty());
}

} // namespace
} // namespace baton::test

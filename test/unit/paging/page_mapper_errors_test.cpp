// SPDX-License-Identifier: BSD-2-Clause
//
// What PageMapper refuses, and that it then leaves alone what was there.
#include "paging/page_mapper.hpp"
#include "support/errors.hpp"
#include "support/tables.hpp"

#include <gtest/gtest.h>
#include <optional>
#include <vector>

namespace baton::test {
namespace {

constexpr uint64_t kSmall = kPageBytes, kLarge = kLargePageBytes, kHuge = kHugePageBytes;
constexpr uint64_t kPhysicalEnd = uint64_t{1} << 52;

Mapping mapping(uint64_t virtual_base, uint64_t physical_base, uint64_t bytes) {
    return {.virtual_base = {virtual_base},
            .physical_base = {physical_base},
            .bytes = bytes,
            .access = Access::read_write};
}

/// Refused with this code and the mapping's own numbers, before anything was mapped or allocated.
void expect_refused(uint64_t virtual_base, uint64_t physical_base, uint64_t bytes, ErrorCode code,
                    bool five_level = false) {
    Tables tables(true, five_level);
    expect_error(tables.mapper.map(mapping(virtual_base, physical_base, bytes)), code,
                 {virtual_base, physical_base, bytes});
    EXPECT_EQ(tables.mapper.table_frames(), 1u);
    EXPECT_TRUE(tables.walker().leaves().empty());
}

TEST(PageMapperErrors, PartsOfPagesAreMisaligned) {
    expect_refused(0x1001, 0x2000, 0x1000, ErrorCode::mapping_misaligned);
    expect_refused(0x1000, 0x2800, 0x1000, ErrorCode::mapping_misaligned);
    expect_refused(0x1000, 0x2000, 0x1008, ErrorCode::mapping_misaligned);
    expect_refused(0x1000, 0x2000, 1, ErrorCode::mapping_misaligned);
}

TEST(PageMapperErrors, TheHoleIsNotCanonical) {
    expect_refused(0x0000'8000'0000'0000, 0, kSmall, ErrorCode::mapping_not_canonical);
    expect_refused(0xffff'7fff'ffff'f000, 0, kSmall, ErrorCode::mapping_not_canonical);
    expect_refused(0x8000'0000'0000'0000, 0, kSmall, ErrorCode::mapping_not_canonical);
}

TEST(PageMapperErrors, WhatReachesIntoTheHoleIsNotCanonical) {
    expect_refused(0x0000'7fff'ffff'f000, 0, 2 * kSmall, ErrorCode::mapping_not_canonical);
    expect_refused(0xffff'7fff'ffff'f000, 0, 2 * kSmall, ErrorCode::mapping_not_canonical);
}

TEST(PageMapperErrors, WhatSpansTheHoleIsNotCanonical) {
    expect_refused(0x0000'7fff'ffff'f000, 0, 0xffff'0000'0000'2000,
                   ErrorCode::mapping_not_canonical);
}

TEST(PageMapperErrors, AddressesOf57BitsAreNotCanonicalWith4Levels) {
    for (const uint64_t base : {uint64_t{0x00ff'ffff'ffff'f000}, uint64_t{0xff00'0000'0000'0000}})
        expect_refused(base, 0, kSmall, ErrorCode::mapping_not_canonical);
}

TEST(PageMapperErrors, TheHoleOf5LevelsIsNotCanonical) {
    constexpr auto kCode = ErrorCode::mapping_not_canonical;
    expect_refused(0x0100'0000'0000'0000, 0, kSmall, kCode, true);
    expect_refused(0xfeff'ffff'ffff'f000, 0, kSmall, kCode, true);
    expect_refused(0x00ff'ffff'ffff'f000, 0, 2 * kSmall, kCode, true);
    expect_refused(0xfeff'ffff'ffff'f000, 0, 2 * kSmall, kCode, true);
    expect_refused(0x00ff'ffff'ffff'f000, 0, 0xfe00'0000'0000'2000, kCode, true);
    expect_refused(0 - kSmall, 0, 2 * kSmall, kCode, true);
}

TEST(PageMapperErrors, WhatWrapsIsNotCanonical) {
    expect_refused(0 - kSmall, 0, 2 * kSmall, ErrorCode::mapping_not_canonical);
    expect_refused(0 - kLarge, 0, 2 * kLarge, ErrorCode::mapping_not_canonical);
    expect_refused(kSmall, 0, 0 - kSmall, ErrorCode::mapping_not_canonical);
}

TEST(PageMapperErrors, PhysicalAddressesEndAtTwoToThe52) {
    expect_refused(kHuge, kPhysicalEnd, kSmall, ErrorCode::mapping_not_canonical);
    expect_refused(kHuge, kPhysicalEnd - kSmall, 2 * kSmall, ErrorCode::mapping_not_canonical);
    expect_refused(kHuge, 0 - kSmall, kSmall, ErrorCode::mapping_not_canonical);
}

/// `second` must be refused since `first` is there, and `first` stays as it was.
void expect_exists(const Mapping& first, const Mapping& second,
                   std::optional<uint64_t> address = {}) {
    Tables tables;
    ASSERT_TRUE(tables.mapper.map(first));
    const Translation before = tables.at(first.virtual_base.value);
    const auto result = tables.mapper.map(second);
    ASSERT_TRUE(failed_with(result, ErrorCode::mapping_exists)) << outcome(result);
    if (address) {
        EXPECT_EQ(result.error().numbers()[0], *address);
    }
    EXPECT_EQ(tables.at(first.virtual_base.value), before);
    const uint64_t last = first.virtual_base.value + (first.bytes - 1);
    EXPECT_EQ(tables.at(last).physical, first.physical_base.value + (first.bytes - 1));
}

TEST(PageMapperErrors, APageExistsAlready) {
    expect_exists(mapping(0x5000, 0x1000, kSmall), mapping(0x5000, 0x1000, kSmall), 0x5000);
    expect_exists(mapping(kLarge, 0, kLarge), mapping(kLarge, 0, kLarge), kLarge);
    expect_exists(mapping(kHuge, 0, kHuge), mapping(kHuge, 0, kHuge), kHuge);
}

TEST(PageMapperErrors, TheErrorNamesTheFirstAddressThatExists) {
    expect_exists(mapping(0x7000, 0x1000, kSmall), mapping(0x5000, 0x10'0000, 4 * kSmall), 0x7000);
}

TEST(PageMapperErrors, ASmallPageWithinALargeOneExists) {
    constexpr uint64_t kAddress = kLarge + 3 * kSmall;
    expect_exists(mapping(kLarge, 0, kLarge), mapping(kAddress, 0, kSmall), kAddress);
}

TEST(PageMapperErrors, SmallAndLargePagesWithinAHugeOneExist) {
    expect_exists(mapping(kHuge, 0, kHuge), mapping(2 * kHuge - kSmall, 0, kSmall),
                  2 * kHuge - kSmall);
    expect_exists(mapping(kHuge, 0, kHuge), mapping(kHuge + kLarge, 0, kLarge), kHuge + kLarge);
}

TEST(PageMapperErrors, ALargePageOverASmallOneExists) {
    expect_exists(mapping(kLarge + 3 * kSmall, 0, kSmall), mapping(kLarge, 0, kLarge));
}

TEST(PageMapperErrors, AHugePageOverASmallerOneExists) {
    expect_exists(mapping(kHuge + 5 * kLarge, 0, kLarge), mapping(kHuge, 0, kHuge));
    expect_exists(mapping(2 * kHuge - kSmall, 0, kSmall), mapping(kHuge, 0, kHuge));
}

TEST(PageMapperErrors, AnOverlapAtTheEndExists) {
    expect_exists(mapping(2 * kLarge, 0, kSmall), mapping(kLarge, kLarge, kLarge + kSmall),
                  2 * kLarge);
}

/// A mapping that needs tables of each level, in both halves.
Result<void> map_much(FrameSource& frames, bool five_level) {
    auto mapper = PageMapper::create(frames, {.huge_pages = true, .five_level = five_level});
    if (!mapper)
        return std::unexpected(mapper.error());
    for (const uint64_t base : {kHuge - kSmall, 0xffff'8000'0000'0000, 0 - 2 * kLarge})
        if (auto mapped = mapper->map(mapping(base, 0x7000, 2 * kLarge)); !mapped)
            return mapped;
    return {};
}

TEST(PageMapperErrors, WithoutMemoryBelow4GiBThereIsNoRoot) {
    FakeFrames frames;
    frames.run_dry_at(0);
    expect_error(PageMapper::create(frames, {.huge_pages = true, .five_level = true}),
                 ErrorCode::out_of_memory, {kSmall, kSmall});
}

TEST(PageMapperErrors, OutOfMemoryAtEachFrameIsReported) {
    for (const bool five_level : {false, true}) {
        FakeFrames plenty;
        ASSERT_TRUE(map_much(plenty, five_level));
        const std::size_t needed = plenty.requests().size();
        EXPECT_GT(needed, 10u);
        for (std::size_t call = 0; call < needed; ++call) {
            FakeFrames frames;
            frames.run_dry_at(call);
            expect_error(map_much(frames, five_level), ErrorCode::out_of_memory, {kSmall, kSmall});
            EXPECT_EQ(frames.requests().size(), call + 1) << "it went on after the failure";
        }
        FakeFrames just_enough;
        just_enough.run_dry_at(needed);
        EXPECT_TRUE(map_much(just_enough, five_level));
    }
}

} // namespace
} // namespace baton::test

// SPDX-License-Identifier: BSD-2-Clause
#include "core/address.hpp"

#include <concepts>
#include <cstdint>
#include <gtest/gtest.h>

namespace baton::test {
namespace {

constexpr uint64_t kLast = ~uint64_t{0};

static_assert(!std::convertible_to<PhysAddr, VirtAddr>);
static_assert(!std::convertible_to<VirtAddr, PhysAddr>);
static_assert(!std::equality_comparable_with<PhysAddr, VirtAddr>);
static_assert(!std::convertible_to<PhysRange, VirtRange>);

constexpr VirtRange range(uint64_t base, uint64_t bytes) {
    return {{base}, bytes};
}

TEST(Address, AddsAndSubtractsBytes) {
    constexpr PhysAddr kAddress{0x1000};
    EXPECT_EQ(kAddress + 0x234, PhysAddr{0x1234});
    EXPECT_EQ(kAddress - 1, PhysAddr{0xfff});
    EXPECT_EQ(PhysAddr{0x1234} - kAddress, 0x234u);
    EXPECT_LT(kAddress, PhysAddr{0x1001});
}

TEST(Range, EndsOnePastItsLastByte) {
    EXPECT_EQ(range(0x1000, 0x10).end(), VirtAddr{0x1010});
    EXPECT_EQ(range(0x1000, 0).end(), VirtAddr{0x1000});
}

TEST(Range, EndIsZeroWhereTheRangeEndsAtTwoToThe64) {
    EXPECT_EQ(range(kLast - 0xfff, 0x1000).end(), VirtAddr{0});
}

TEST(Range, ContainsItsFirstAndLastByteAndNoneBeside) {
    constexpr VirtRange kRange = range(0x1000, 0x10);
    EXPECT_FALSE(kRange.contains({0xfff}));
    EXPECT_TRUE(kRange.contains({0x1000}));
    EXPECT_TRUE(kRange.contains({0x100f}));
    EXPECT_FALSE(kRange.contains({0x1010}));
    EXPECT_FALSE(range(0x1000, 0).contains({0x1000}));
}

TEST(Range, AtTheTopContainsTheLastAddressAndNotTheFirst) {
    EXPECT_TRUE(range(kLast, 1).contains({kLast}));
    EXPECT_FALSE(range(kLast, 1).contains({0}));
    EXPECT_TRUE(range(0, kLast).contains({kLast - 1}));
    EXPECT_FALSE(range(0, kLast).contains({kLast}));
}

void expect_overlap(VirtRange a, VirtRange b, bool expected) {
    EXPECT_EQ(a.overlaps(b), expected);
    EXPECT_EQ(b.overlaps(a), expected);
}

TEST(Range, OverlapsWhatSharesAByte) {
    expect_overlap(range(0x1000, 0x10), range(0x100f, 1), true);
    expect_overlap(range(0x1000, 0x10), range(0x1010, 1), false);
    expect_overlap(range(0x1000, 0x10), range(0xff0, 0x10), false);
    expect_overlap(range(0x1000, 0x10), range(0xff0, 0x11), true);
    expect_overlap(range(0x1000, 0x1000), range(0x1800, 1), true);
    expect_overlap(range(0x1000, 0x10), range(0x1000, 0x10), true);
}

TEST(Range, AnEmptyRangeOverlapsNothing) {
    expect_overlap(range(0x1000, 0x10), range(0x1008, 0), false);
    expect_overlap(range(0x1000, 0), range(0x1000, 0), false);
}

TEST(Range, OverlapsAtTheTopOfTheAddressSpaceDoNotWrap) {
    expect_overlap(range(kLast - 0xf, 0x10), range(kLast, 1), true);
    expect_overlap(range(kLast - 0xf, 0x10), range(0, 1), false);
    expect_overlap(range(1, kLast), range(kLast, 1), true);
}

TEST(Align, GoesDownAndUpToAMultiple) {
    EXPECT_EQ(align_down(0x1fff, 0x1000), 0x1000u);
    EXPECT_EQ(align_down(0x1000, 0x1000), 0x1000u);
    EXPECT_EQ(align_up(0x1001, 0x1000), 0x2000u);
    EXPECT_EQ(align_up(0x1000, 0x1000), 0x1000u);
    EXPECT_EQ(align_up(0, 0x1000), 0u);
    EXPECT_EQ(align_up(5, 1), 5u);
    EXPECT_TRUE(is_aligned(0x3000, 0x1000));
    EXPECT_FALSE(is_aligned(0x3001, 0x1000));
}

TEST(Align, UpToTheHighestMultipleDoesNotWrap) {
    EXPECT_EQ(align_up(0 - uint64_t{0x1000}, 0x1000), 0 - uint64_t{0x1000});
    EXPECT_EQ(align_down(kLast, 0x1000), 0 - uint64_t{0x1000});
}

TEST(PowersOfTwo, AreThoseWithOneBit) {
    for (unsigned bit = 0; bit < 64; ++bit)
        EXPECT_TRUE(is_power_of_two(uint64_t{1} << bit));
    for (const uint64_t value : {uint64_t{0}, uint64_t{3}, uint64_t{0x8000'0000'0000'0001}, kLast})
        EXPECT_FALSE(is_power_of_two(value));
}

TEST(PagesFor, CountsPartsOfPagesAsWhole) {
    EXPECT_EQ(pages_for(0), 0u);
    EXPECT_EQ(pages_for(1), 1u);
    EXPECT_EQ(pages_for(4096), 1u);
    EXPECT_EQ(pages_for(4097), 2u);
    EXPECT_EQ(pages_for(kLast), uint64_t{1} << 52);
}

TEST(PageCover, HasEachPageThatTheRangeTouches) {
    EXPECT_EQ(page_cover(range(0x1000, 0x1000)), range(0x1000, 0x1000));
    EXPECT_EQ(page_cover(range(0x1fff, 1)), range(0x1000, 0x1000));
    EXPECT_EQ(page_cover(range(0x1fff, 2)), range(0x1000, 0x2000));
    EXPECT_EQ(page_cover(range(0x1001, 0x1000)), range(0x1000, 0x2000));
}

TEST(PageCover, ReachesTheLastPage) {
    EXPECT_EQ(page_cover(range(kLast, 1)), range(kLast - 0xfff, 0x1000));
    EXPECT_EQ(page_cover(range(kLast - 0x1000, 0x1001)), range(kLast - 0x1fff, 0x2000));
}

TEST(Canonical, With48BitsEndsAtTheHole) {
    EXPECT_TRUE(is_canonical({0}));
    EXPECT_TRUE(is_canonical({0x0000'7fff'ffff'ffff}));
    EXPECT_FALSE(is_canonical({0x0000'8000'0000'0000}));
    EXPECT_FALSE(is_canonical({0xffff'7fff'ffff'ffff}));
    EXPECT_TRUE(is_canonical({0xffff'8000'0000'0000}));
    EXPECT_TRUE(is_canonical({kLast}));
    EXPECT_FALSE(is_canonical({0x8000'0000'0000'0000}));
}

TEST(Canonical, With57BitsEndsAtTheSmallerHole) {
    EXPECT_TRUE(is_canonical({0x00ff'ffff'ffff'ffff}, 57));
    EXPECT_FALSE(is_canonical({0x0100'0000'0000'0000}, 57));
    EXPECT_FALSE(is_canonical({0xfeff'ffff'ffff'ffff}, 57));
    EXPECT_TRUE(is_canonical({0xff00'0000'0000'0000}, 57));
}

TEST(PageSizes, AreTheProcessors) {
    EXPECT_EQ(kPageBytes, uint64_t{1} << 12);
    EXPECT_EQ(kLargePageBytes, uint64_t{1} << 21);
    EXPECT_EQ(kHugePageBytes, uint64_t{1} << 30);
}

} // namespace
} // namespace baton::test

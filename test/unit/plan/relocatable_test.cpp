// SPDX-License-Identifier: BSD-2-Clause
#include "plan/relocatable.hpp"

#include "support/planned.hpp"

namespace baton::test {
namespace {

constexpr uint64_t kLinked = 0x20'0000;

/// Two segments of two pages with a page between them.
Planned planned_at(const Relocatable& where) {
    ElfBuilder elf;
    elf.entry(kLinked + 0x10);
    elf.load({.vaddr = kLinked, .memory_bytes = 0x1800, .file_bytes = 0x100});
    elf.load({.vaddr = kLinked + 0x3000, .memory_bytes = 0x1800, .flags = kR | kW});
    Planned planned =
        plan_of(elf, uint64_t{1} << 30, {.placement = Placement::physical, .without_paging = true});
    planned.plan().relocatable = where;
    return planned;
}

TEST(RelocatableTest, AllOfItMovesByOneDistanceWithinItsBounds) {
    FakeFrames frames;
    Planned planned = planned_at(
        {.low = {0x100'0000}, .end = {0xffff'ffff}, .alignment = 0x20'0000, .lowest = false});
    ASSERT_EQ(outcome(place(planned.plan(), frames)), "good");
    const LoadPlan& plan = planned.plan();
    const uint64_t base = frames.blocks().back().base.value;
    EXPECT_EQ(frames.blocks().back().bytes, 5 * kPageBytes);
    EXPECT_EQ(frames.requests().back().alignment, 0x20'0000u);
    EXPECT_EQ(frames.requests().back().below.value, 0xffff'ffffu);
    EXPECT_EQ(plan.slide, base - kLinked);
    EXPECT_EQ(plan.entry.value, base + 0x10);
    EXPECT_EQ(plan.segments[0].memory.base.value, base);
    EXPECT_EQ(plan.segments[1].memory.base.value, base + 0x3000);
    EXPECT_EQ(plan.physical({base + 0x3001}).value, base + 0x3001);
    for (const Region& region : plan.regions)
        EXPECT_FALSE(region.is_moved());
    EXPECT_EQ(plan.page_runs[1].pages.base.value, base + 0x3000);
}

TEST(RelocatableTest, NothingBelowTheLowestAddressIsTaken) {
    FakeFrames frames;
    const uint64_t low = FakeFrames::kFirstLow + 0x10'0000;
    Planned planned =
        planned_at({.low = {low}, .end = {0xffff'0000}, .alignment = 0x1000, .lowest = false});
    ASSERT_EQ(outcome(place(planned.plan(), frames)), "good");
    EXPECT_GE(planned.plan().segments[0].memory.base.value, low);
}

TEST(RelocatableTest, TheLowestFreePlaceIsTakenWhereItIsPreferred) {
    FakeFrames frames;
    frames.free_at(0x180'0000);
    frames.free_at(0x1c0'0000);
    Planned planned = planned_at(
        {.low = {0x100'0001}, .end = {0x7fff'ffff}, .alignment = 0x40'0000, .lowest = true});
    ASSERT_EQ(outcome(place(planned.plan(), frames)), "good");
    EXPECT_EQ(planned.plan().entry.value, 0x180'0010u);
}

TEST(RelocatableTest, WithoutAPlaceItIsAnErrorWithTheBounds) {
    FakeFrames frames;
    for (const bool lowest : {false, true}) {
        Planned planned = planned_at(
            {.low = {0x10'0000}, .end = {0x10'4fff}, .alignment = 0x1000, .lowest = lowest});
        expect_error(place(planned.plan(), frames), ErrorCode::no_place_for_kernel,
                     {0x5000, 0x10'0000, 0x10'4fff, 0x1000});
    }
    Planned odd =
        planned_at({.low = {0}, .end = {0xffff'ffff}, .alignment = 0x3000, .lowest = false});
    expect_error(place(odd.plan(), frames), ErrorCode::no_place_for_kernel,
                 {0x5000, 0, 0xffff'ffff, 0x3000});
    EXPECT_LT(frames.requests().size(), 5000u);
}

} // namespace
} // namespace baton::test

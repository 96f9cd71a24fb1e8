// SPDX-License-Identifier: BSD-2-Clause
//
// plan_layout(): the direct map and the stack never touch the kernel, nor each other.
#include "plan/address_space.hpp"
#include "plan/requests.hpp"
#include "support/planned.hpp"
#include "support/printers.hpp"
#include "support/random.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace baton::test {
namespace {

constexpr uint64_t kPage = kPageBytes;
constexpr uint64_t kGiB = uint64_t{1} << 30;
constexpr uint64_t kSlot = 512 * kGiB;
constexpr uint64_t kUpperHalf = 0xffff'8000'0000'0000;

VirtRange with_guards(VirtRange stack) {
    return {stack.base - kPage, stack.bytes + 2 * kPage};
}

bool wraps(VirtRange range) {
    return !range.empty() && range.base + (range.bytes - 1) < range.base;
}

/// All that plan_layout() promises, whatever the kernel.
void expect_sound(const Layout& layout, const LoadPlan& plan, uint64_t physical_end) {
    EXPECT_EQ(layout.direct_map.base.value % kSlot, 0u);
    EXPECT_GE(layout.direct_map.base.value, kUpperHalf);
    EXPECT_GE(layout.direct_map.bytes, physical_end);
    EXPECT_FALSE(wraps(layout.direct_map));
    EXPECT_FALSE(plan.touches(layout.direct_map));

    const VirtRange guarded = with_guards(layout.stack);
    EXPECT_EQ(layout.stack.bytes, kStackBytes);
    EXPECT_EQ(layout.stack.base.value % kPage, 0u);
    EXPECT_FALSE(wraps(guarded));
    EXPECT_FALSE(plan.touches(guarded));
    EXPECT_FALSE(guarded.overlaps(layout.direct_map));
    EXPECT_GE(guarded.base, layout.direct_map.end()); // "the stack comes after it"
}

Result<Layout> layout_of(std::initializer_list<Load> loads, uint64_t physical_end) {
    auto planned = plan_of(loads);
    auto layout = plan_layout(planned.plan(), {.physical_end = physical_end, .direct_map = {}});
    if (layout)
        expect_sound(*layout, planned.plan(), physical_end);
    return layout;
}

TEST(Layout, TheDirectMapIsAtTheBeginningOfTheUpperHalf) {
    for (const uint64_t base : {uint64_t{0x10'0000}, uint64_t{0xffff'ffff'8000'0000}}) {
        const auto layout = layout_of({{.vaddr = base, .memory_bytes = kPage}}, 4 * kGiB);
        ASSERT_TRUE(layout) << outcome(layout);
        EXPECT_EQ(layout->direct_map.base.value, kUpperHalf);
    }
}

TEST(Layout, TheDirectMapReachesTheEndOfMemory) {
    for (const uint64_t end : {kPage, kGiB, kGiB + kPage, 5 * kSlot - kPage}) {
        const auto layout = layout_of({{.vaddr = 0x10'0000, .memory_bytes = kPage}}, end);
        ASSERT_TRUE(layout) << outcome(layout);
        EXPECT_GE(layout->direct_map.bytes, end);
    }
}

TEST(Layout, TheDirectMapMovesToTheNextSlotWhereTheKernelIs) {
    const auto layout = layout_of({{.vaddr = kUpperHalf, .memory_bytes = kPage}}, 4 * kGiB);
    ASSERT_TRUE(layout) << outcome(layout);
    EXPECT_EQ(layout->direct_map.base.value, kUpperHalf + kSlot);
}

TEST(Layout, TheDirectMapMovesForTheLastPageInItsWay) {
    const Load in_the_way{.vaddr = kUpperHalf + 4 * kGiB - 1, .memory_bytes = 1};
    const auto moved = layout_of({in_the_way}, 4 * kGiB);
    ASSERT_TRUE(moved) << outcome(moved);
    EXPECT_EQ(moved->direct_map.base.value, kUpperHalf + kSlot);
    const Load just_behind{.vaddr = kUpperHalf + 4 * kGiB, .memory_bytes = 1};
    const auto stays = layout_of({just_behind}, 4 * kGiB);
    ASSERT_TRUE(stays) << outcome(stays);
    EXPECT_EQ(stays->direct_map.base.value, kUpperHalf);
}

TEST(Layout, SeveralOccupiedSlotsAreSkipped) {
    const auto layout = layout_of({{.vaddr = kUpperHalf + kGiB, .memory_bytes = kPage},
                                   {.vaddr = kUpperHalf + kSlot, .memory_bytes = kPage},
                                   {.vaddr = kUpperHalf + 3 * kSlot, .memory_bytes = kPage}},
                                  4 * kGiB);
    ASSERT_TRUE(layout) << outcome(layout);
    EXPECT_EQ(layout->direct_map.base.value, kUpperHalf + 2 * kSlot);
}

TEST(Layout, ADirectMapOfSeveralSlotsNeedsThemAllFree) {
    const auto layout = layout_of({{.vaddr = kUpperHalf + kGiB, .memory_bytes = kPage},
                                   {.vaddr = kUpperHalf + 2 * kSlot, .memory_bytes = kPage}},
                                  kSlot + kGiB);
    ASSERT_TRUE(layout) << outcome(layout);
    EXPECT_EQ(layout->direct_map.base.value, kUpperHalf + 3 * kSlot);
}

TEST(Layout, AKernelLargerThanASlotIsSkippedWhole) {
    const auto layout = layout_of({{.vaddr = kUpperHalf, .memory_bytes = 2 * kSlot + 1}}, 4 * kGiB);
    ASSERT_TRUE(layout) << outcome(layout);
    EXPECT_EQ(layout->direct_map.base.value, kUpperHalf + 3 * kSlot);
}

TEST(Layout, TheStackMakesWayForTheKernelToo) {
    const auto layout =
        layout_of({{.vaddr = kUpperHalf + 4 * kGiB, .memory_bytes = kPage}}, 4 * kGiB);
    ASSERT_TRUE(layout) << outcome(layout);
    EXPECT_GT(layout->stack.base.value, kUpperHalf + 4 * kGiB);
}

TEST(Layout, GuardPagesDoNotTouchAKernelJustBesideTheStack) {
    const auto plain = layout_of({{.vaddr = 0x10'0000, .memory_bytes = kPage}}, 4 * kGiB);
    ASSERT_TRUE(plain) << outcome(plain);
    for (const uint64_t beside : {plain->stack.base.value - kPage, plain->stack.end().value}) {
        const auto layout = layout_of({{.vaddr = beside, .memory_bytes = kPage}}, 4 * kGiB);
        ASSERT_TRUE(layout) << outcome(layout);
        EXPECT_NE(layout->stack, plain->stack);
    }
}

TEST(Layout, WithoutMemoryThereIsStillAStack) {
    const auto layout = layout_of({{.vaddr = kUpperHalf, .memory_bytes = kPage}}, 0);
    ASSERT_TRUE(layout) << outcome(layout);
    EXPECT_EQ(layout->direct_map.bytes, 0u);
}

TEST(Layout, MoreMemoryThanTheUpperHalfHoldsIsNoVirtualSpace) {
    const auto layout = layout_of({{.vaddr = 0x10'0000, .memory_bytes = kPage}}, uint64_t{1} << 52);
    expect_error(layout, ErrorCode::no_virtual_space, {uint64_t{1} << 52});
}

TEST(Layout, AKernelThatFillsTheUpperHalfIsNoVirtualSpace) {
    const Load all{.vaddr = kUpperHalf, .memory_bytes = uint64_t{1} << 47};
    EXPECT_TRUE(failed_with(layout_of({all}, 4 * kGiB), ErrorCode::no_virtual_space));
    const Load all_but_a_byte{.vaddr = kUpperHalf, .memory_bytes = (uint64_t{1} << 47) - 1};
    EXPECT_TRUE(failed_with(layout_of({all_but_a_byte}, 4 * kGiB), ErrorCode::no_virtual_space));
}

TEST(Layout, NoRoomBehindTheDirectMapForTheStackIsNoVirtualSpace) {
    // The kernel is in every gap that the stack could have between the direct map and the end.
    const Load rest{.vaddr = kUpperHalf + kGiB, .memory_bytes = (uint64_t{1} << 47) - kGiB};
    expect_error(layout_of({rest}, kGiB), ErrorCode::no_virtual_space, {kStackBytes + 2 * kPage});
}

TEST(Layout, TheLastSlotOfAllIsGoodForADirectMap) {
    const Load all_but_one{.vaddr = kUpperHalf, .memory_bytes = 255 * kSlot};
    const auto layout = layout_of({all_but_one}, kGiB);
    ASSERT_TRUE(layout) << outcome(layout);
    EXPECT_EQ(layout->direct_map.base.value, 0 - kSlot);
}

/// As requested, or the error.
Result<Layout> with_requests(std::initializer_list<Load> loads, const LayoutRequests& requests) {
    auto planned = plan_of(loads);
    auto layout = plan_layout(planned.plan(), requests);
    if (layout) {
        const VirtRange guarded = with_guards(layout->stack);
        EXPECT_GE(layout->direct_map.bytes, requests.physical_end);
        EXPECT_EQ(layout->stack.bytes, requests.stack_bytes);
        EXPECT_FALSE(wraps(layout->direct_map) || wraps(guarded));
        EXPECT_FALSE(planned.plan().touches(layout->direct_map));
        EXPECT_FALSE(planned.plan().touches(guarded));
        EXPECT_FALSE(guarded.overlaps(layout->direct_map));
        EXPECT_GE(guarded.base.value, kUpperHalf);
    }
    return layout;
}

constexpr Load kTopKernel{.vaddr = 0xffff'ffff'8000'0000, .memory_bytes = kPage};

TEST(LayoutRequests, AStackHasTheSizeThatIsRequested) {
    EXPECT_EQ(LayoutRequests().stack_bytes, kStackBytes);
    for (const uint64_t bytes : {kPage, 2 * kStackBytes, kGiB}) {
        const auto layout = with_requests(
            {kTopKernel}, {.physical_end = kGiB, .stack_bytes = bytes, .direct_map = {}});
        ASSERT_TRUE(layout) << outcome(layout);
        EXPECT_EQ(layout->stack.bytes, bytes);
    }
}

TEST(LayoutRequests, OtherProcessorsHaveTheirStacksAfterIt) {
    constexpr uint64_t kBytes = 3 * kPage;
    for (const uint32_t count : {1u, 63u, 4095u}) {
        const LayoutRequests requests{.physical_end = kGiB,
                                      .processors = count,
                                      .processor_stack_bytes = kBytes,
                                      .direct_map = {}};
        auto planned = plan_of({kTopKernel});
        const auto layout = plan_layout(planned.plan(), requests);
        ASSERT_TRUE(layout) << outcome(layout);
        EXPECT_EQ(layout->processor_stacks, layout->stack.end() + kPage);
        const VirtRange all{layout->stack.base, kStackBytes + kPage + count * (kBytes + kPage)};
        EXPECT_FALSE(planned.plan().touches(with_guards(all)));
        EXPECT_FALSE(with_guards(all).overlaps(layout->direct_map));
    }
}

TEST(LayoutRequests, StacksOfOtherProcessorsNeedSpaceToo) {
    const auto layout =
        with_requests({{.vaddr = kUpperHalf + 2 * kSlot, .memory_bytes = kPage}, kTopKernel},
                      {.physical_end = 0,
                       .processors = 4095,
                       .processor_stack_bytes = uint64_t{1} << 36,
                       .direct_map = VirtAddr{0 - 4 * kGiB}});
    EXPECT_EQ(outcome(layout).substr(0, 23), "error: no_virtual_space");
}

TEST(LayoutRequests, ADirectMapIsWhereItIsRequested) {
    for (const uint64_t base :
         {kUpperHalf, kUpperHalf + kGiB, kUpperHalf + 100 * kSlot + 3 * kGiB, 0 - 8 * kGiB}) {
        const auto layout =
            with_requests({kTopKernel}, {.physical_end = 4 * kGiB, .direct_map = VirtAddr{base}});
        ASSERT_TRUE(layout) << outcome(layout);
        EXPECT_EQ(layout->direct_map, (VirtRange{{base}, 4 * kGiB}));
    }
}

void expect_not_met(std::initializer_list<Load> loads, uint64_t physical_end, uint64_t base) {
    const auto layout =
        with_requests(loads, {.physical_end = physical_end, .direct_map = VirtAddr{base}});
    const auto expected =
        request_not_met(BATON_REQUEST_DIRECT_MAP, base, align_up(physical_end, kGiB)).error();
    ASSERT_FALSE(layout);
    EXPECT_EQ(layout.error(), expected);
}

TEST(LayoutRequests, ADirectMapOverAPageOfTheKernelIsNotMet) {
    expect_not_met({kTopKernel}, kGiB, 0xffff'ffff'8000'0000);
    expect_not_met({kTopKernel}, 4 * kGiB, 0 - 4 * kGiB);
    expect_not_met({kTopKernel}, 2 * kGiB + 1, 0 - 4 * kGiB);
    const Load last{.vaddr = kUpperHalf + 4 * kGiB - 1, .memory_bytes = 1};
    expect_not_met({kTopKernel, last}, 4 * kGiB, kUpperHalf);
}

TEST(LayoutRequests, ADirectMapJustBesideTheKernelIsMet) {
    const Load kernel{.vaddr = kUpperHalf + 4 * kGiB, .memory_bytes = kPage};
    for (const uint64_t base : {kUpperHalf, kUpperHalf + 5 * kGiB})
        EXPECT_TRUE(
            with_requests({kernel}, {.physical_end = 4 * kGiB, .direct_map = VirtAddr{base}}));
}

TEST(LayoutRequests, ADirectMapThatDoesNotFitIsNotMet) {
    expect_not_met({{.vaddr = 0x10'0000, .memory_bytes = 1}}, 4 * kGiB, 0 - 2 * kGiB);
    expect_not_met({kTopKernel}, uint64_t{1} << 47, kUpperHalf + kGiB);
}

TEST(LayoutRequests, ADirectMapOutsideOfTheUpperHalfOf48BitsIsNotMet) {
    expect_not_met({kTopKernel}, kGiB, 0x8000'0000'0000'0000);
    expect_not_met({kTopKernel}, kGiB, 0xffff'7fff'c000'0000);
}

TEST(LayoutRequests, WithoutRoomBehindADirectMapTheStackGoesBelowIt) {
    const auto layout =
        with_requests({{.vaddr = 0 - kGiB, .memory_bytes = kPage}},
                      {.physical_end = 4 * kGiB, .direct_map = VirtAddr{0 - 5 * kGiB}});
    ASSERT_TRUE(layout) << outcome(layout);
    EXPECT_LT(layout->stack.base, layout->direct_map.base);
}

// The stack must not be looked for below the direct map without keeping out of it.
TEST(LayoutRequests, AStackBelowADirectMapDoesNotTouchIt) {
    const uint64_t first = kUpperHalf + 4 * kSlot, last = 0 - kGiB;
    const Load low{.vaddr = kUpperHalf, .memory_bytes = 4 * kSlot};
    const auto layout =
        with_requests({low, {.vaddr = last, .memory_bytes = kPage}},
                      {.physical_end = last - first, .direct_map = VirtAddr{first}});
    EXPECT_TRUE(layout || failed_with(layout, ErrorCode::no_virtual_space));
}

TEST(LayoutProperty, IsSoundForKernelsAnywhere) {
    Random random(512);
    for (int i = 0; i < 2000; ++i) {
        ElfBuilder elf;
        uint64_t next = kUpperHalf;
        for (uint64_t count = 1 + random.below(5); count-- > 0;) {
            next += random.below(3) * kSlot + random.below(3) * kGiB + random.below(40) * kPage;
            const uint64_t bytes =
                1 + random.below(2) * random.below(2 * kSlot) + random.below(40) * kPage;
            elf.entry(next).load({.vaddr = next, .memory_bytes = bytes});
            next += bytes;
        }
        auto planned = plan_of(elf);
        ASSERT_TRUE(planned.result) << outcome(planned.result);
        const uint64_t physical_end = random.below(5) * random.below(kSlot);
        const auto layout =
            plan_layout(planned.plan(), {.physical_end = physical_end, .direct_map = {}});
        ASSERT_TRUE(layout) << outcome(layout);
        expect_sound(*layout, planned.plan(), physical_end);
        ASSERT_FALSE(HasFailure()) << "case " << i;
    }
}

} // namespace
} // namespace baton::test

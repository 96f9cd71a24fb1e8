// SPDX-License-Identifier: BSD-2-Clause
#include "plan/load_plan.hpp"
#include "support/planned.hpp"

#include <gtest/gtest.h>

namespace baton::test {
namespace {

constexpr uint64_t kPage = kPageBytes, kLarge = kLargePageBytes;
constexpr uint64_t kBase = 0xffff'ffff'8000'0000;

TEST(Place, EachRegionGetsABlockOfItsSize) {
    FakeFrames frames;
    auto planned = placed({{.vaddr = kBase, .memory_bytes = 3 * kPage},
                           {.vaddr = kBase + 8 * kPage, .memory_bytes = 8, .flags = kR}},
                          frames);
    const auto regions = planned.plan().regions;
    ASSERT_EQ(regions.size(), 2u);
    ASSERT_EQ(frames.blocks().size(), 2u);
    EXPECT_EQ(frames.blocks()[0], (PhysRange{regions[0].physical, 3 * kPage}));
    EXPECT_EQ(frames.blocks()[1], (PhysRange{regions[1].physical, kPage}));
}

TEST(Place, PhysicalFollowsVirtualWithinARegion) {
    FakeFrames frames;
    auto planned = placed({{.vaddr = kBase + 0x10, .memory_bytes = 3 * kPage},
                           {.vaddr = kBase + 8 * kPage, .memory_bytes = 8, .flags = kR}},
                          frames);
    const LoadPlan& plan = planned.plan();
    EXPECT_EQ(plan.physical({kBase}), plan.regions[0].physical);
    EXPECT_EQ(plan.physical({kBase + 0x2345}), plan.regions[0].physical + 0x2345);
    EXPECT_EQ(plan.physical({kBase + 8 * kPage + 7}), plan.regions[1].physical + 7);
}

TEST(Place, PhysicalReachesTheLastByteOfTheAddressSpace) {
    FakeFrames frames;
    auto planned = placed({{.vaddr = 0 - kPage, .memory_bytes = kPage}}, frames);
    EXPECT_EQ(planned.plan().physical({~uint64_t{0}}), planned.plan().regions[0].physical + 0xfff);
}

TEST(Place, ARegionThatHoldsALargePageIsCongruentModulo2MiB) {
    const Load loads[] = {
        {.vaddr = kBase, .memory_bytes = kLarge},                      // just one
        {.vaddr = kBase + 5 * kPage, .memory_bytes = 2 * kLarge},      // one in the middle
        {.vaddr = kBase - kPage, .memory_bytes = kLarge + kPage},      // one at its end
        {.vaddr = 0 - kLarge - kPage, .memory_bytes = kLarge + kPage}, // the last one of all
        {.vaddr = 0x10'0000, .memory_bytes = 64 * kLarge},
    };
    for (const Load& load : loads) {
        FakeFrames frames;
        auto planned = placed({load}, frames);
        EXPECT_EQ(planned.plan().regions[0].physical.value % kLarge, load.vaddr % kLarge)
            << std::hex << load.vaddr;
    }
}

TEST(Place, ARegionWithoutALargePageIsNotHeldToItsAlignment) {
    const Load loads[] = {
        {.vaddr = kBase, .memory_bytes = kLarge - kPage},
        {.vaddr = kBase + kPage, .memory_bytes = kPage}, // ends before the next large page begins
        {.vaddr = kBase + kPage, .memory_bytes = 2 * kLarge - 2 * kPage},
    };
    for (const Load& load : loads) {
        FakeFrames frames;
        auto planned = placed({load}, frames);
        EXPECT_EQ(frames.requests().at(0).alignment, kPage) << std::hex << load.vaddr;
    }
}

TEST(Place, DoesWithAnyFramesWhereAlignedMemoryIsNotToBeHad) {
    FakeFrames frames;
    frames.limit_alignment(kPage);
    auto planned = placed({{.vaddr = kBase, .memory_bytes = 3 * kLarge}}, frames);
    ASSERT_EQ(frames.requests().size(), 2u);
    EXPECT_EQ(frames.requests()[0].alignment, kLarge);
    EXPECT_EQ(frames.requests()[1].alignment, kPage);
    EXPECT_EQ(frames.blocks()[0], (PhysRange{planned.plan().regions[0].physical, 3 * kLarge}));
}

TEST(Place, TellsWhenMemoryRunsOutAtEachRegion) {
    for (uint64_t call = 0; call < 3; ++call) {
        auto planned = plan_of({{.vaddr = kBase, .memory_bytes = kPage},
                                {.vaddr = kBase + 2 * kPage, .memory_bytes = 2 * kPage},
                                {.vaddr = kBase + 8 * kPage, .memory_bytes = 3 * kPage}});
        FakeFrames frames;
        frames.run_dry_at(call);
        expect_error(place(planned.plan(), frames), ErrorCode::out_of_memory,
                     {(call + 1) * kPage, kPage});
    }
}

TEST(Place, TellsWhenMemoryRunsOutForALargeRegion) {
    auto planned = plan_of({{.vaddr = kBase, .memory_bytes = 3 * kLarge}});
    FakeFrames frames;
    frames.run_dry_at(0);
    EXPECT_TRUE(failed_with(place(planned.plan(), frames), ErrorCode::out_of_memory));
}

} // namespace
} // namespace baton::test

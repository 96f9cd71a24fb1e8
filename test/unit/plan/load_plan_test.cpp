// SPDX-License-Identifier: BSD-2-Clause
//
// What plan_load() makes of good files: segments, page runs and regions.
#include "plan/load_plan.hpp"

#include "support/planned.hpp"
#include "support/printers.hpp"

#include <ctime>
#include <gtest/gtest.h>
#include <vector>

namespace baton::test {
namespace {

constexpr uint64_t kPage = kPageBytes;
constexpr uint64_t kBase = 0x10'0000;
constexpr Access kRead = Access::read_only, kWrite = Access::read_write,
                 kExecute = Access::read_execute, kBoth = Access::kernel_demanded_write_execute;

std::vector<PageRun> runs_of(const LoadPlan& plan) {
    return {plan.page_runs.begin(), plan.page_runs.end()};
}

std::vector<VirtRange> regions_of(const LoadPlan& plan) {
    std::vector<VirtRange> regions;
    for (const Region& region : plan.regions)
        regions.push_back(region.pages);
    return regions;
}

PageRun run(uint64_t base, uint64_t pages, Access access) {
    return {{{base}, pages * kPage}, access};
}

VirtRange pages(uint64_t base, uint64_t count) {
    return {{base}, count * kPage};
}

TEST(LoadPlan, ASegmentKeepsWhatItsProgramHeaderSays) {
    auto planned = plan_of({{.vaddr = kBase + 0x10,
                             .memory_bytes = 0x2345,
                             .flags = kR | kX,
                             .file_bytes = 0x123,
                             .offset = 0x777,
                             .align = 0x1000}});
    ASSERT_TRUE(planned.result) << outcome(planned.result);
    const LoadPlan& plan = planned.plan();
    EXPECT_EQ(plan.entry, VirtAddr{kBase + 0x10});
    ASSERT_EQ(plan.segments.size(), 1u);
    const Segment& segment = plan.segments[0];
    EXPECT_EQ(segment.program_header, 0u);
    EXPECT_EQ(segment.flags, kR | kX);
    EXPECT_EQ(segment.memory, (VirtRange{{kBase + 0x10}, 0x2345}));
    EXPECT_EQ(segment.file_offset, 0x777u);
    EXPECT_EQ(segment.file_bytes, 0x123u);
    EXPECT_EQ(runs_of(plan), (std::vector{run(kBase, 3, kExecute)}));
    EXPECT_EQ(regions_of(plan), (std::vector{pages(kBase, 3)}));
}

TEST(LoadPlan, EachCombinationOfFlagsHasItsAccess) {
    constexpr Access kExpected[8] = {kRead, kExecute, kWrite, kBoth,
                                     kRead, kExecute, kWrite, kBoth}; // by p_flags
    for (uint32_t flags = 0; flags < 8; ++flags) {
        auto planned = plan_of({{.vaddr = kBase, .memory_bytes = kPage},
                                {.vaddr = 0x20'0000, .memory_bytes = kPage, .flags = flags}});
        ASSERT_TRUE(planned.result) << outcome(planned.result);
        EXPECT_EQ(planned.plan().page_runs[1].access, kExpected[flags]) << "p_flags " << flags;
    }
}

TEST(LoadPlan, FlagsThatArentPermissionsDontMatter) {
    auto planned =
        plan_of({{.vaddr = kBase, .memory_bytes = kPage, .flags = 0xfff0'0000 | kR | kX}});
    ASSERT_TRUE(planned.result) << outcome(planned.result);
    EXPECT_EQ(runs_of(planned.plan()), (std::vector{run(kBase, 1, kExecute)}));
}

TEST(LoadPlan, TheOrderOfProgramHeadersDoesNotMatter) {
    const Load code{.vaddr = kBase, .memory_bytes = 0x1800};
    const Load data{.vaddr = kBase + 0x1800, .memory_bytes = 0x1000, .flags = kR | kW};
    const Load far{.vaddr = 0xffff'ffff'8000'0000, .memory_bytes = 8, .flags = kR};
    auto ordered = plan_of({code, data, far});
    ElfBuilder shuffled;
    shuffled.entry(kBase).load(far).load(data).load(code);
    auto other = plan_of(shuffled);
    ASSERT_TRUE(ordered.result && other.result);
    EXPECT_EQ(runs_of(other.plan()), runs_of(ordered.plan()));
    EXPECT_EQ(regions_of(other.plan()), regions_of(ordered.plan()));
    EXPECT_EQ(other.plan().segments[0].program_header, 2u); // as the file counts them
    EXPECT_EQ(other.plan().segments[2].program_header, 0u);
}

TEST(LoadPlan, EmptySegmentsAreSkippedWhereverTheyAre) {
    auto planned = plan_of({{.vaddr = kBase, .memory_bytes = kPage},
                            {.vaddr = 0, .memory_bytes = 0},
                            {.vaddr = kBase + 8, .memory_bytes = 0},
                            {.vaddr = 0x0000'8000'0000'0000, .memory_bytes = 0, .align = 3}});
    ASSERT_TRUE(planned.result) << outcome(planned.result);
    EXPECT_EQ(planned.plan().segments.size(), 1u);
    EXPECT_EQ(regions_of(planned.plan()), (std::vector{pages(kBase, 1)}));
}

TEST(LoadPlan, OtherProgramHeadersAreSkippedHoweverOdd) {
    ElfBuilder elf = good_elf();
    elf.add({.p_type = 0x6474'e551,
             .p_flags = kR | kW,
             .p_offset = ~uint64_t{0},
             .p_vaddr = 0,
             .p_paddr = 0,
             .p_filesz = 7,
             .p_memsz = 3,
             .p_align = 5}); // PT_GNU_STACK
    auto planned = plan_of(elf);
    ASSERT_TRUE(planned.result) << outcome(planned.result);
    EXPECT_EQ(planned.plan().segments.size(), 1u);
}

struct SharedPageCase {
    uint32_t below, above;
    Access expected;
    uint32_t write_execute_runs;
};

TEST(LoadPlan, APageOfTwoSegmentsHasTheUnionOfTheirPermissions) {
    const SharedPageCase cases[] = {
        {kR, kR | kW, kWrite, 0},   {kR | kW, kR, kWrite, 0},     {kR, kR | kX, kExecute, 0},
        {kR | kX, kR, kExecute, 0}, {kR | kW, kR | kX, kBoth, 1}, {kR | kX, kR | kW, kBoth, 1},
        {kW | kX, kR, kBoth, 1},    {kR, kW | kX, kBoth, 1},
    };
    for (const SharedPageCase& with : cases) {
        auto planned = plan_of({{.vaddr = kBase, .memory_bytes = kPage},
                                {.vaddr = 0x20'0000, .memory_bytes = 0x1800, .flags = with.below},
                                {.vaddr = 0x20'1800, .memory_bytes = 0x1800, .flags = with.above}});
        ASSERT_TRUE(planned.result) << outcome(planned.result);
        const LoadPlan& plan = planned.plan();
        Access in_shared_page{};
        for (const PageRun& page_run : plan.page_runs)
            if (page_run.pages.contains({0x20'1000}))
                in_shared_page = page_run.access;
        EXPECT_EQ(in_shared_page, with.expected) << with.below << ' ' << with.above;
        EXPECT_EQ(plan.write_execute_runs, with.write_execute_runs);
    }
}

TEST(LoadPlan, OnlyTheSharedPageHasTheUnion) {
    auto planned = plan_of({{.vaddr = kBase, .memory_bytes = 0x1800, .flags = kR | kX},
                            {.vaddr = kBase + 0x1800, .memory_bytes = 0x1800, .flags = kR | kW}});
    ASSERT_TRUE(planned.result) << outcome(planned.result);
    EXPECT_EQ(runs_of(planned.plan()),
              (std::vector{run(kBase, 1, kExecute), run(kBase + kPage, 1, kBoth),
                           run(kBase + 2 * kPage, 1, kWrite)}));
    EXPECT_EQ(planned.plan().write_execute_runs, 1u);
}

TEST(LoadPlan, CountsEachRunThatIsWritableAndExecutable) {
    auto planned = plan_of({{.vaddr = kBase, .memory_bytes = kPage, .flags = kR | kW | kX},
                            {.vaddr = 0x20'0000, .memory_bytes = 8, .flags = kR | kW},
                            {.vaddr = 0x20'0008, .memory_bytes = 8, .flags = kX},
                            {.vaddr = 0x30'0000, .memory_bytes = 8, .flags = kR | kW},
                            {.vaddr = 0x40'0000, .memory_bytes = 8, .flags = kR | kX}});
    ASSERT_TRUE(planned.result) << outcome(planned.result);
    EXPECT_EQ(planned.plan().write_execute_runs, 2u);
}

TEST(LoadPlan, AKernelOfGoodMannersHasNoRunThatIsWritableAndExecutable) {
    auto planned = plan_of({{.vaddr = kBase, .memory_bytes = kPage, .flags = kR | kX},
                            {.vaddr = kBase + kPage, .memory_bytes = 8, .flags = kR | kW}});
    ASSERT_TRUE(planned.result) << outcome(planned.result);
    EXPECT_EQ(planned.plan().write_execute_runs, 0u);
}

TEST(LoadPlan, ManyTinySegmentsShareAPage) {
    auto planned = plan_of({{.vaddr = kBase + 0x10, .memory_bytes = 8, .flags = kR | kX},
                            {.vaddr = kBase + 0x20, .memory_bytes = 8, .flags = kR},
                            {.vaddr = kBase + 0x30, .memory_bytes = 8, .flags = kR},
                            {.vaddr = kBase + 0x40, .memory_bytes = 0x1000, .flags = kR},
                            {.vaddr = kBase + 0x1040, .memory_bytes = 8, .flags = kR | kW},
                            {.vaddr = kBase + 0x1050, .memory_bytes = 8, .flags = kR}});
    ASSERT_TRUE(planned.result) << outcome(planned.result);
    EXPECT_EQ(runs_of(planned.plan()),
              (std::vector{run(kBase, 1, kExecute), run(kBase + kPage, 1, kWrite)}));
    EXPECT_EQ(planned.plan().segments.size(), 6u);
}

TEST(LoadPlan, RunsOfOneAccessThatTouchAreOne) {
    auto planned = plan_of({{.vaddr = kBase, .memory_bytes = kPage},
                            {.vaddr = kBase + kPage, .memory_bytes = kPage},
                            {.vaddr = kBase + 2 * kPage + 8, .memory_bytes = 8}});
    ASSERT_TRUE(planned.result) << outcome(planned.result);
    EXPECT_EQ(runs_of(planned.plan()), (std::vector{run(kBase, 3, kExecute)}));
}

TEST(LoadPlan, ARegionEndsAtAGap) {
    auto planned = plan_of({{.vaddr = kBase, .memory_bytes = kPage},
                            {.vaddr = kBase + kPage, .memory_bytes = 8, .flags = kR | kW},
                            {.vaddr = kBase + 3 * kPage, .memory_bytes = 8, .flags = kR}});
    ASSERT_TRUE(planned.result) << outcome(planned.result);
    EXPECT_EQ(regions_of(planned.plan()),
              (std::vector{pages(kBase, 2), pages(kBase + 3 * kPage, 1)}));
}

TEST(LoadPlan, ReachesTheLastByteOfTheAddressSpace) {
    constexpr uint64_t kTop = 0 - 2 * kPage;
    auto planned = plan_of({{.vaddr = kTop, .memory_bytes = kPage},
                            {.vaddr = kTop + kPage, .memory_bytes = kPage, .flags = kR | kW}});
    ASSERT_TRUE(planned.result) << outcome(planned.result);
    EXPECT_EQ(runs_of(planned.plan()),
              (std::vector{run(kTop, 1, kExecute), run(kTop + kPage, 1, kWrite)}));
    EXPECT_EQ(regions_of(planned.plan()), (std::vector{pages(kTop, 2)}));
}

TEST(LoadPlan, ASegmentMayEndWithinTheLastPage) {
    auto planned = plan_of({{.vaddr = 0 - kPage, .memory_bytes = 8},
                            {.vaddr = 0 - kPage + 8, .memory_bytes = 8, .flags = kR}});
    ASSERT_TRUE(planned.result) << outcome(planned.result);
    EXPECT_EQ(runs_of(planned.plan()), (std::vector{run(0 - kPage, 1, kExecute)}));
}

TEST(LoadPlan, TouchesWhatItsPagesOverlap) {
    auto planned = plan_of({{.vaddr = kBase + 8, .memory_bytes = 8},
                            {.vaddr = 0 - kPage, .memory_bytes = 8, .flags = kR}});
    ASSERT_TRUE(planned.result) << outcome(planned.result);
    const LoadPlan& plan = planned.plan();
    EXPECT_TRUE(plan.touches({{kBase}, 1}));
    EXPECT_TRUE(plan.touches({{kBase + 0xfff}, 1}));
    EXPECT_TRUE(plan.touches({{~uint64_t{0}}, 1}));
    EXPECT_FALSE(plan.touches({{kBase - kPage}, kPage}));
    EXPECT_FALSE(plan.touches({{kBase + kPage}, kPage}));
}

TEST(LoadPlan, Of65534SegmentsTakesNoQuadraticTime) {
    ElfBuilder elf;
    elf.entry(kBase);
    for (uint64_t i = 65534; i-- > 0;)
        elf.load(
            {.vaddr = kBase + i * 0xc00, .memory_bytes = 0x801, .flags = i == 0 ? kR | kX : kR});
    const std::clock_t begin = std::clock();
    auto planned = plan_of(elf);
    const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    ASSERT_TRUE(planned.result) << outcome(planned.result);
    EXPECT_EQ(planned.plan().segments.size(), 65534u);
    EXPECT_EQ(planned.plan().regions.size(), 1u);
    EXPECT_LT(seconds, 3.0);
}

TEST(LoadPlan, Of65534SegmentsThatSharePages) {
    ElfBuilder elf;
    elf.entry(kBase);
    for (uint64_t i = 0; i < 65534; ++i) // each page is shared, and each run ends after a page
        elf.load({.vaddr = kBase + i * 0x1800,
                  .memory_bytes = 0x1800,
                  .flags = i % 2 == 0 ? kR | kX : kR});
    auto planned = plan_of(elf);
    ASSERT_TRUE(planned.result) << outcome(planned.result);
    EXPECT_EQ(planned.plan().write_execute_runs, 0u);
}

} // namespace
} // namespace baton::test

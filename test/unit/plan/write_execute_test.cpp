// SPDX-License-Identifier: BSD-2-Clause
//
// Which pages are writable and executable, which segments make them so, and what a person is told.
#include "plan/write_execute.hpp"

#include "support/planned.hpp"
#include "support/printers.hpp"
#include "support/random.hpp"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace baton::test {
namespace {

constexpr uint64_t kPage = kPageBytes;
constexpr uint64_t kBase = 0x10'0000;
constexpr uint32_t kCode = kR | kX, kData = kR | kW, kAll = kR | kW | kX;

std::vector<WriteExecutePages> all_of(const LoadPlan& plan) {
    std::vector<WriteExecutePages> all;
    for (auto found = next_write_execute(plan); found;
         found = next_write_execute(plan, found->pages))
        all.push_back(*found);
    return all;
}

void expect_one(const LoadPlan& plan, const WriteExecutePages& expected) {
    const auto all = all_of(plan);
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].pages, expected.pages);
    EXPECT_EQ(all[0].writable, expected.writable);
    EXPECT_EQ(all[0].executable, expected.executable);
}

TEST(WriteExecute, IsNowhereInAKernelOfGoodManners) {
    auto planned = plan_of({{.vaddr = kBase, .memory_bytes = 0x1800, .flags = kCode},
                            {.vaddr = kBase + 0x1800, .memory_bytes = 8, .flags = kR},
                            {.vaddr = kBase + 2 * kPage, .memory_bytes = 8, .flags = kData}});
    EXPECT_TRUE(all_of(planned.plan()).empty());
}

TEST(WriteExecute, OfTwoSegmentsIsThePageThatTheyShare) {
    auto planned = plan_of({{.vaddr = kBase, .memory_bytes = 0x2800, .flags = kCode},
                            {.vaddr = kBase + 0x2800, .memory_bytes = 0x2000, .flags = kData}});
    expect_one(planned.plan(), {{{kBase + 2 * kPage}, kPage}, 1, 0});
}

TEST(WriteExecute, NamesProgramHeadersAsTheFileCountsThem) {
    ElfBuilder elf; // the first one isn't even a segment, and addresses go down
    elf.entry(kBase)
        .add({.p_type = elf::PT_GNU_STACK,
              .p_flags = kData,
              .p_offset = 0,
              .p_vaddr = 0,
              .p_paddr = 0,
              .p_filesz = 0,
              .p_memsz = 0,
              .p_align = 0})
        .load({.vaddr = kBase + 0x800, .memory_bytes = 8, .flags = kData})
        .load({.vaddr = kBase + 0x400, .memory_bytes = 8, .flags = kR})
        .load({.vaddr = kBase, .memory_bytes = 8, .flags = kCode});
    auto planned = plan_of(elf);
    ASSERT_TRUE(planned.result) << outcome(planned.result);
    expect_one(planned.plan(), {{{kBase}, kPage}, 1, 3});
}

TEST(WriteExecute, OfASegmentsOwnFlagsIsAllOfItWhateverSharesItsPages) {
    auto planned = plan_of({{.vaddr = kBase, .memory_bytes = 0x1800, .flags = kCode},
                            {.vaddr = kBase + 0x1800, .memory_bytes = 0x2000, .flags = kAll},
                            {.vaddr = kBase + 0x3800, .memory_bytes = 0x1000, .flags = kData}});
    expect_one(planned.plan(), {{{kBase + kPage}, 3 * kPage}, 1, 1});
}

TEST(WriteExecute, OfNeighboursIsToldOfEach) {
    auto planned = plan_of({{.vaddr = kBase, .memory_bytes = 0x1800, .flags = kCode},
                            {.vaddr = kBase + 0x1800, .memory_bytes = 0x800, .flags = kData},
                            {.vaddr = kBase + 0x2000, .memory_bytes = 0x1000, .flags = kAll},
                            {.vaddr = kBase + 0x3000, .memory_bytes = 0x1000, .flags = kAll}});
    ASSERT_EQ(planned.plan().write_execute_runs, 1u);
    const auto all = all_of(planned.plan());
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[0].pages, (VirtRange{{kBase + kPage}, kPage}));
    EXPECT_EQ(all[0].writable, 1u);
    EXPECT_EQ(all[0].executable, 0u);
    EXPECT_EQ(all[1].pages, (VirtRange{{kBase + 2 * kPage}, kPage}));
    EXPECT_EQ(all[1].writable, 2u);
    EXPECT_EQ(all[2].pages, (VirtRange{{kBase + 3 * kPage}, kPage}));
    EXPECT_EQ(all[2].executable, 3u);
}

TEST(WriteExecute, EndsWithTheAddressSpace) {
    constexpr uint64_t kTop = 0 - 2 * kPage;
    auto planned = plan_of({{.vaddr = kTop, .memory_bytes = 2 * kPage, .flags = kAll}});
    expect_one(planned.plan(), {{{kTop}, 2 * kPage}, 0, 0});
}

TEST(WriteExecute, LeavesOutWhatRelroProtects) {
    ElfBuilder elf;
    elf.entry(kBase)
        .load({.vaddr = kBase, .memory_bytes = 3 * kPage, .flags = kAll})
        .add({.p_type = elf::PT_GNU_RELRO,
              .p_flags = kR,
              .p_offset = 0,
              .p_vaddr = kBase + kPage,
              .p_paddr = 0,
              .p_filesz = 0,
              .p_memsz = kPage,
              .p_align = 1});
    auto planned = plan_of(elf);
    ASSERT_TRUE(planned.result) << outcome(planned.result);
    const auto all = all_of(planned.plan());
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].pages, (VirtRange{{kBase}, kPage}));
    EXPECT_EQ(all[1].pages, (VirtRange{{kBase + 2 * kPage}, kPage}));
}

/// Each page of a run is told of once, and each segment that is named has the flag and the page.
TEST(WriteExecuteProperty, CoversTheRunsAndNamesWhoIsThere) {
    Random random(91);
    for (int i = 0; i < 3000; ++i) {
        ElfBuilder elf;
        uint64_t next = kBase + random.below(0x1800);
        for (int count = 0; count == 0 || random.below(10) != 0; ++count) {
            const uint64_t bytes = 1 + random.below(random.one_in(2) ? 0x100 : 3 * kPage);
            const auto flags = static_cast<uint32_t>(random.below(8)) | (count == 0 ? kX : 0);
            if (count == 0)
                elf.entry(next);
            elf.load({.vaddr = next, .memory_bytes = bytes, .flags = flags});
            next += bytes + (random.one_in(2) ? 0 : random.below(kPage));
        }
        auto planned = plan_of(elf);
        ASSERT_TRUE(planned.result) << "case " << i << ": " << outcome(planned.result);
        const LoadPlan& plan = planned.plan();
        const auto all = all_of(plan);
        uint64_t expected_pages = 0, pages = 0;
        for (const PageRun& run : plan.page_runs)
            if (run.access == Access::kernel_demanded_write_execute)
                expected_pages += run.pages.bytes / kPage;
        VirtAddr end{0};
        for (const WriteExecutePages& found : all) {
            pages += found.pages.bytes / kPage;
            ASSERT_GE(found.pages.base, end) << "case " << i;
            end = found.pages.end();
            const Segment& writable = plan.segments[found.writable]; // the file is in order
            const Segment& executable = plan.segments[found.executable];
            ASSERT_NE(writable.flags & kW, 0u) << "case " << i;
            ASSERT_NE(executable.flags & kX, 0u) << "case " << i;
            for (uint64_t at = 0; at < found.pages.bytes; at += kPage) {
                const VirtRange page{found.pages.base + at, kPage};
                ASSERT_TRUE(writable.memory.overlaps(page)) << "case " << i;
                ASSERT_TRUE(executable.memory.overlaps(page)) << "case " << i;
            }
        }
        ASSERT_EQ(pages, expected_pages) << "case " << i;
    }
}

std::string warning(const WriteExecutePages& found) {
    Text text;
    describe_write_execute(found, text);
    return std::string(text.view());
}

TEST(WriteExecuteWarning, OfASharedPageNamesBothSegmentsAndTheAlignment) {
    EXPECT_EQ(warning({{{0xffff'ffff'8000'5000}, kPage}, 3, 1}),
              "writable and executable at once: 0xffffffff80005000, 4 KiB, which executable "
              "segment 1 and writable segment 3 share: put . = ALIGN(4096); between them in the "
              "linker script");
}

TEST(WriteExecuteWarning, OfASegmentsOwnFlagsNamesItAndThePhdrs) {
    const std::string text = warning({{{0xffff'8000'0000'0000}, ~uint64_t{0}}, 65534, 65534});
    EXPECT_TRUE(text.starts_with("writable and executable at once: 0xffff800000000000, "));
    EXPECT_NE(text.find(", by the flags of segment 65534 itself: "), text.npos);
    EXPECT_NE(text.find("PHDRS { text PT_LOAD FLAGS(5); data PT_LOAD FLAGS(6); }"), text.npos);
    EXPECT_LT(text.size(), 400u); // with "warning: " and the time it is one line of the log
}

} // namespace
} // namespace baton::test

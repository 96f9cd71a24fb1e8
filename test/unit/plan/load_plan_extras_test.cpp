// SPDX-License-Identifier: BSD-2-Clause
//
// measure() and plan_load() beyond plain segments: slides, 57-bit addresses, and the other program
// headers that mean something.
#include "plan/load_plan.hpp"
#include "support/planned.hpp"
#include "support/printers.hpp"
#include "support/random.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <vector>

namespace baton::test {
namespace {

constexpr uint64_t kPage = kPageBytes;
constexpr uint64_t kBase = 0x10'0000;
constexpr uint64_t kHigh = 0xffff'ffff'8000'0000;
constexpr Access kRead = Access::read_only, kWrite = Access::read_write,
                 kExecute = Access::read_execute, kBoth = Access::kernel_demanded_write_execute;

elf::Elf64_Phdr header(uint32_t type, uint64_t vaddr, uint64_t bytes, uint32_t flags = kR) {
    return {.p_type = type,
            .p_flags = flags,
            .p_offset = 0,
            .p_vaddr = vaddr,
            .p_paddr = 0,
            .p_filesz = bytes,
            .p_memsz = bytes,
            .p_align = 8};
}

std::vector<PageRun> runs_of(const LoadPlan& plan) {
    return {plan.page_runs.begin(), plan.page_runs.end()};
}

PageRun run(uint64_t base, uint64_t pages, Access access) {
    return {{{base}, pages * kPage}, access};
}

Result<ImageExtent> measured(const ElfBuilder& elf) {
    const Buffer file = elf.build(0x1'0000);
    return measure(elf::Image::parse(file).value());
}

void expect_extent(const ElfBuilder& elf, uint64_t lowest, uint64_t pages, uint64_t alignment) {
    const auto extent = measured(elf);
    ASSERT_TRUE(extent) << outcome(extent);
    EXPECT_EQ(extent->lowest.value, lowest);
    EXPECT_EQ(extent->pages, pages);
    EXPECT_EQ(extent->alignment, alignment);
}

TEST(Measure, CountsWholePagesFromTheLowestToTheHighest) {
    expect_extent(ElfBuilder()
                      .load({.vaddr = 0x5ff0, .memory_bytes = 0x20})
                      .load({.vaddr = 0x1234, .memory_bytes = 1}),
                  0x1000, 6, kPage);
    expect_extent(ElfBuilder().load({.vaddr = 0, .memory_bytes = kPage}), 0, 1, kPage);
    expect_extent(ElfBuilder().load({.vaddr = 0xfff, .memory_bytes = 2}), 0, 2, kPage);
}

TEST(Measure, TheLargestAlignmentCountsAndIsAPageAtLeast) {
    expect_extent(ElfBuilder()
                      .load({.vaddr = 0, .memory_bytes = 1, .align = 0x20'0000})
                      .load({.vaddr = 0x1000, .memory_bytes = 1, .align = 0}),
                  0, 2, 0x20'0000);
    expect_extent(ElfBuilder().load({.vaddr = 0, .memory_bytes = 1, .align = 16}), 0, 1, kPage);
}

TEST(Measure, EmptySegmentsAndOtherHeadersDontCount) {
    expect_extent(ElfBuilder()
                      .load({.vaddr = 0x3000, .memory_bytes = 1})
                      .load({.vaddr = 0x9000, .memory_bytes = 0, .align = 0x4000'0000})
                      .add(header(elf::PT_TLS, 0x1000, 0x10))
                      .add(header(elf::PT_GNU_RELRO, 0xffff'0000, 0x10)),
                  0x3000, 1, kPage);
}

TEST(Measure, ReachesTheLastByteOfTheAddressSpace) {
    expect_extent(ElfBuilder().load({.vaddr = 0 - kPage, .memory_bytes = kPage}), 0 - kPage, 1,
                  kPage);
}

TEST(Measure, CountsAllPagesThereAre) {
    for (const uint64_t first : {uint64_t{0}, uint64_t{0xfff}})
        expect_extent(ElfBuilder()
                          .load({.vaddr = first, .memory_bytes = 1})
                          .load({.vaddr = ~uint64_t{0}, .memory_bytes = 1}),
                      0, uint64_t{1} << 52, kPage);
}

TEST(Measure, ChecksWhatHoldsWhereverTheImageGoes) {
    const auto fails = [](const Load& load) { return measured(ElfBuilder().load(load)); };
    expect_error(fails({.vaddr = 0, .memory_bytes = 1, .file_bytes = 2}),
                 ErrorCode::segment_file_bytes_exceed_memory, {0, 2, 1});
    expect_error(fails({.memory_bytes = 9, .file_bytes = 9, .offset = 0xfff8}),
                 ErrorCode::segment_outside_file, {0, 0xfff8, 9, 0x1'0000});
    expect_error(fails({.memory_bytes = 1, .align = 3}), ErrorCode::segment_bad_alignment, {0, 3});
    expect_error(fails({.vaddr = ~uint64_t{0}, .memory_bytes = 2}), ErrorCode::segment_wraps,
                 {0, ~uint64_t{0}, 2});
    expect_error(measured(ElfBuilder().add(header(elf::PT_NOTE, 0, 4))),
                 ErrorCode::no_loadable_segment, {1, 64});
    expect_error(
        measured(good_elf().add(header(elf::PT_INTERP, 0, 4)).add(header(elf::PT_DYNAMIC, 0, 16))),
        ErrorCode::interpreter_wanted, {1});
}

TEST(LoadPlanSlide, IsAddedToEverything) {
    ElfBuilder elf;
    elf.entry(0x10)
        .load({.vaddr = 0, .memory_bytes = 0x800})
        .load({.vaddr = 0x1000, .memory_bytes = 0x800, .flags = kR | kW, .file_bytes = 0x200})
        .add(header(elf::PT_TLS, 0x1100, 0x20))
        .add(header(elf::PT_DYNAMIC, 0x1200, 0x40))
        .add(header(elf::PT_GNU_RELRO, 0x1000, 0x1000));
    auto planned = plan_of(elf, 0x1'0000, {.slide = kHigh});
    ASSERT_TRUE(planned.result) << outcome(planned.result);
    const LoadPlan& plan = planned.plan();
    EXPECT_EQ(plan.slide, kHigh);
    EXPECT_EQ(plan.entry, VirtAddr{kHigh + 0x10});
    EXPECT_EQ(plan.segments[0].memory, (VirtRange{{kHigh}, 0x800}));
    EXPECT_EQ(plan.segments[1].memory, (VirtRange{{kHigh + 0x1000}, 0x800}));
    EXPECT_EQ(runs_of(plan), (std::vector{run(kHigh, 1, kExecute), run(kHigh + kPage, 1, kRead)}));
    EXPECT_EQ(plan.tls.address, kHigh + 0x1100);
    ASSERT_TRUE(plan.dynamic);
    EXPECT_EQ(plan.dynamic->file, (VirtRange{{kHigh + 0x1200}, 0x40}));
    EXPECT_EQ(plan.dynamic->program_header, 3u);
}

TEST(LoadPlanSlide, AnImageLinkedAt0NeedsOne) {
    ElfBuilder elf;
    elf.header.e_type = elf::ET_DYN;
    elf.entry(0).load({.vaddr = 0, .memory_bytes = 0x800});
    expect_error(plan_of(elf).result, ErrorCode::segment_in_page_zero, {0, 0, 0});
    EXPECT_TRUE(plan_of(elf, 0, {.slide = kPage}).result);
    EXPECT_TRUE(plan_of(elf, 0, {.slide = kHigh}).result);
}

TEST(LoadPlanSlide, MayWrapDownwards) {
    ElfBuilder elf;
    elf.entry(kHigh).load({.vaddr = kHigh, .memory_bytes = 0x800});
    auto planned = plan_of(elf, 0, {.slide = kBase - kHigh});
    ASSERT_TRUE(planned.result) << outcome(planned.result);
    EXPECT_EQ(planned.plan().segments[0].memory, (VirtRange{{kBase}, 0x800}));
    EXPECT_EQ(planned.plan().entry, VirtAddr{kBase});
}

TEST(LoadPlanSlide, ErrorsTellTheLinkedAddressesAndIt) {
    ElfBuilder elf;
    elf.entry(0)
        .load({.vaddr = 0, .memory_bytes = 0x800})
        .load({.vaddr = 0x1000, .memory_bytes = 0x2000});
    expect_error(plan_of(elf, 0, {.slide = 0 - uint64_t{0x2000}}).result, ErrorCode::segment_wraps,
                 {1, 0x1000, 0x2000, 0 - uint64_t{0x2000}});
    expect_error(plan_of(elf, 0, {.slide = 0x7fff'ffff'e000}).result,
                 ErrorCode::segment_not_canonical, {1, 0x1000, 0x2000, 0x7fff'ffff'e000, 48});
    expect_error(plan_of(elf, 0, {.slide = 0 - uint64_t{0x1000}}).result,
                 ErrorCode::segment_in_page_zero, {1, 0x1000, 0 - uint64_t{0x1000}});
    elf.load({.vaddr = 0x2fff, .memory_bytes = 1});
    expect_error(plan_of(elf, 0, {.slide = kHigh}).result, ErrorCode::segments_overlap,
                 {1, 0x1000, 0x2000, 2, 0x2fff});
}

TEST(LoadPlan57Bits, ReachFurtherThan48) {
    const uint64_t addresses[] = {0x0000'8000'0000'0000, 0x00ff'ffff'ffff'f000,
                                  0xff00'0000'0000'0000, 0xffff'7fff'ffff'f000};
    for (const uint64_t address : addresses) {
        ElfBuilder elf;
        elf.entry(address).load({.vaddr = address, .memory_bytes = kPage});
        EXPECT_TRUE(plan_of(elf, 0, {.address_bits = 57}).result) << std::hex << address;
        expect_error(plan_of(elf, 0, {.address_bits = 48}).result, ErrorCode::segment_not_canonical,
                     {0, address, kPage, 0, 48});
    }
}

TEST(LoadPlan57Bits, HaveAHoleToo) {
    const Load bad[] = {{.vaddr = 0x0100'0000'0000'0000, .memory_bytes = 1},
                        {.vaddr = 0xfeff'ffff'ffff'ffff, .memory_bytes = 1},
                        {.vaddr = 0x00ff'ffff'ffff'ffff, .memory_bytes = 2},
                        {.vaddr = 0xfeff'ffff'ffff'ffff, .memory_bytes = 2},
                        {.vaddr = 0x00ff'ffff'ffff'ffff, .memory_bytes = 0xfe00'0000'0000'0002}};
    for (const Load& load : bad) {
        ElfBuilder elf;
        elf.entry(load.vaddr).load(load);
        expect_error(plan_of(elf, 0, {.address_bits = 57}).result, ErrorCode::segment_not_canonical,
                     {0, load.vaddr, load.memory_bytes, 0, 57});
    }
}

TEST(LoadPlanTls, IsWhatTheProgramHeaderSays) {
    ElfBuilder elf;
    elf.entry(kBase).load({.vaddr = kBase, .memory_bytes = kPage, .file_bytes = 0x50});
    auto planned = plan_of(elf.add({.p_type = elf::PT_TLS,
                                    .p_flags = kR,
                                    .p_offset = 0,
                                    .p_vaddr = kBase + 0x40,
                                    .p_paddr = 0,
                                    .p_filesz = 0x10,
                                    .p_memsz = 0x30,
                                    .p_align = 0x20}));
    ASSERT_TRUE(planned.result) << outcome(planned.result);
    EXPECT_EQ(planned.plan().tls.address, kBase + 0x40);
    EXPECT_EQ(planned.plan().tls.file_bytes, 0x10u);
    EXPECT_EQ(planned.plan().tls.memory_bytes, 0x30u);
    EXPECT_EQ(planned.plan().tls.alignment, 0x20u);
}

TEST(LoadPlanTls, IsZeroWithoutOne) {
    auto planned = plan_of(good_elf());
    ASSERT_TRUE(planned.result);
    EXPECT_EQ(planned.plan().tls.address, 0u);
    EXPECT_EQ(planned.plan().tls.memory_bytes, 0u);
    EXPECT_FALSE(planned.plan().dynamic);
    EXPECT_FALSE(planned.plan().wants_executable_stack);
}

TEST(LoadPlanExtras, ThatAreEmptyMeanNothingWhateverElseTheySay) {
    for (const uint32_t type : {elf::PT_DYNAMIC, elf::PT_INTERP, elf::PT_NOTE, elf::PT_TLS,
                                elf::PT_GNU_RELRO, elf::PT_GNU_STACK, elf::PT_LOAD, uint32_t{6}}) {
        elf::Elf64_Phdr empty = header(type, 0xdead'0000'0000'0001, 0, 7);
        empty.p_offset = ~uint64_t{0};
        empty.p_align = type == elf::PT_TLS ? 1 : 3;
        auto planned = plan_of(good_elf().add(empty));
        ASSERT_TRUE(planned.result) << type << ' ' << outcome(planned.result);
        EXPECT_EQ(planned.plan().segments.size(), 1u);
        EXPECT_FALSE(planned.plan().dynamic);
    }
}

TEST(LoadPlanStack, IsWantedExecutableByPtGnuStackWithX) {
    for (uint32_t flags = 0; flags < 8; ++flags) {
        auto planned = plan_of(good_elf().add(header(elf::PT_GNU_STACK, 0, 0, flags)));
        ASSERT_TRUE(planned.result) << outcome(planned.result);
        EXPECT_EQ(planned.plan().wants_executable_stack, (flags & kX) != 0) << flags;
    }
}

/// The page runs of a read-write segment of four pages and what RELRO makes of it.
std::vector<PageRun> with_relro(uint64_t vaddr, uint64_t bytes, uint32_t flags = kR | kW) {
    ElfBuilder elf;
    elf.entry(0x1000)
        .load({.vaddr = 0x1000, .memory_bytes = 8})
        .load({.vaddr = kBase, .memory_bytes = 4 * kPage, .flags = flags})
        .add(header(elf::PT_GNU_RELRO, vaddr, bytes));
    auto planned = plan_of(elf, uint64_t{1} << 30);
    EXPECT_TRUE(planned.result) << outcome(planned.result);
    auto runs = runs_of(planned.plan());
    runs.erase(runs.begin());
    return runs;
}

TEST(LoadPlanRelro, ItsPagesAreReadOnly) {
    EXPECT_EQ(with_relro(kBase, 2 * kPage),
              (std::vector{run(kBase, 2, kRead), run(kBase + 2 * kPage, 2, kWrite)}));
    EXPECT_EQ(with_relro(kBase + kPage, 2 * kPage),
              (std::vector{run(kBase, 1, kWrite), run(kBase + kPage, 2, kRead),
                           run(kBase + 3 * kPage, 1, kWrite)}));
    EXPECT_EQ(with_relro(kBase + 3 * kPage, kPage),
              (std::vector{run(kBase, 3, kWrite), run(kBase + 3 * kPage, 1, kRead)}));
    EXPECT_EQ(with_relro(kBase, 4 * kPage), (std::vector{run(kBase, 4, kRead)}));
}

TEST(LoadPlanRelro, BeginsWithItsFirstPageAndEndsWithTheLastItFills) {
    EXPECT_EQ(with_relro(kBase + 0x123, 2 * kPage - 0x123),
              (std::vector{run(kBase, 2, kRead), run(kBase + 2 * kPage, 2, kWrite)}));
    EXPECT_EQ(with_relro(kBase, 2 * kPage + kPage - 1),
              (std::vector{run(kBase, 2, kRead), run(kBase + 2 * kPage, 2, kWrite)}));
    EXPECT_EQ(with_relro(kBase, kPage - 1), (std::vector{run(kBase, 4, kWrite)}));
    EXPECT_EQ(with_relro(kBase, 0), (std::vector{run(kBase, 4, kWrite)}));
}

TEST(LoadPlanRelro, LargerThanItsSegmentProtectsAllOfIt) {
    EXPECT_EQ(with_relro(kBase - 8 * kPage, 100 * kPage), (std::vector{run(kBase, 4, kRead)}));
}

TEST(LoadPlanRelro, MayReachToTheEndOfTheAddressSpace) {
    EXPECT_EQ(with_relro(kBase, 0 - kBase), (std::vector{run(kBase, 4, kRead)}));
}

TEST(LoadPlanRelro, TakesWriteFromWriteAndExecute) {
    EXPECT_EQ(with_relro(kBase, kPage, kR | kW | kX),
              (std::vector{run(kBase, 1, kExecute), run(kBase + kPage, 3, kBoth)}));
    EXPECT_EQ(with_relro(kBase, kPage, kR | kX), (std::vector{run(kBase, 4, kExecute)}));
    EXPECT_EQ(with_relro(kBase, kPage, kR), (std::vector{run(kBase, 4, kRead)}));
}

TEST(LoadPlanRelro, OfAllThatIsWritableAndExecutableLeavesNoSuchRun) {
    ElfBuilder elf;
    elf.entry(kBase)
        .load({.vaddr = kBase, .memory_bytes = kPage, .flags = kR | kW | kX})
        .add(header(elf::PT_GNU_RELRO, kBase, kPage));
    auto planned = plan_of(elf);
    ASSERT_TRUE(planned.result) << outcome(planned.result);
    EXPECT_EQ(planned.plan().write_execute_runs, 0u);
}

TEST(LoadPlanRelro, SpansSegments) {
    ElfBuilder elf;
    elf.entry(kBase)
        .load({.vaddr = kBase, .memory_bytes = 0x1800, .flags = kR | kX})
        .load({.vaddr = kBase + 0x1800, .memory_bytes = 0x1000, .flags = kR | kW})
        .load({.vaddr = kBase + 0x2800, .memory_bytes = 0x2800, .flags = kR | kW})
        .add(header(elf::PT_GNU_RELRO, kBase + 0x1800, 0x1800));
    auto planned = plan_of(elf);
    ASSERT_TRUE(planned.result) << outcome(planned.result);
    EXPECT_EQ(runs_of(planned.plan()),
              (std::vector{run(kBase, 2, kExecute), run(kBase + 2 * kPage, 1, kRead),
                           run(kBase + 3 * kPage, 2, kWrite)}));
}

TEST(LoadPlanRelro, ReachesTheLastPageOfTheAddressSpace) {
    constexpr uint64_t kTop = 0 - 2 * kPage;
    ElfBuilder elf;
    elf.entry(kBase)
        .load({.vaddr = kBase, .memory_bytes = 8})
        .load({.vaddr = kTop, .memory_bytes = 2 * kPage, .flags = kR | kW})
        .add(header(elf::PT_GNU_RELRO, kTop + kPage, kPage));
    auto planned = plan_of(elf, uint64_t{1} << 30);
    ASSERT_TRUE(planned.result) << outcome(planned.result);
    EXPECT_EQ(runs_of(planned.plan()), (std::vector{run(kBase, 1, kExecute), run(kTop, 1, kWrite),
                                                    run(kTop + kPage, 1, kRead)}));
}

/// The oracle looks at each page: the union of its segments' flags, without W where RELRO is.
TEST(LoadPlanRelroProperty, RandomSegmentsMakeTheOraclesRuns) {
    constexpr uint64_t kWindow = 24;
    Random random(77);
    for (int i = 0; i < 4000; ++i) {
        ElfBuilder elf;
        std::map<uint64_t, uint32_t> flags;
        uint64_t next = random.below(0x1800);
        for (bool first = true; first || random.below(8) != 0; first = false) {
            const uint64_t bytes = 1 + random.below(3 * kPage);
            if (next + bytes > kWindow * kPage)
                break;
            const auto permissions = static_cast<uint32_t>(random.below(8)) | (first ? kX : 0);
            if (first)
                elf.entry(kBase + next);
            elf.load({.vaddr = kBase + next, .memory_bytes = bytes, .flags = permissions});
            for (uint64_t page = next / kPage; page <= (next + bytes - 1) / kPage; ++page)
                flags[page] |= permissions;
            next += bytes + (random.one_in(2) ? 0 : random.below(kPage));
        }
        const uint64_t relro = random.below(kWindow * kPage), relro_bytes = random.below(8 * kPage);
        elf.add(header(elf::PT_GNU_RELRO, kBase + relro, relro_bytes));
        std::vector<PageRun> expected;
        for (const auto& [page, permissions] : flags) {
            const bool read_only = page >= relro / kPage && page < (relro + relro_bytes) / kPage;
            const bool write = (permissions & kW) != 0 && !read_only;
            const bool execute = (permissions & kX) != 0;
            const Access access = write ? (execute ? kBoth : kWrite) : execute ? kExecute : kRead;
            const PageRun one = run(kBase + page * kPage, 1, access);
            if (!expected.empty() && expected.back().access == access &&
                expected.back().pages.end() == one.pages.base)
                expected.back().pages.bytes += kPage;
            else
                expected.push_back(one);
        }
        auto planned = plan_of(elf, uint64_t{1} << 30);
        const auto in_relro = [&](const auto& page) {
            return page.first * kPage < relro + relro_bytes && relro < (page.first + 1) * kPage;
        };
        if (relro_bytes != 0 && std::ranges::none_of(flags, in_relro)) {
            ASSERT_TRUE(failed_with(planned.result, ErrorCode::relro_outside_image)) << i;
            continue;
        }
        ASSERT_TRUE(planned.result) << "case " << i << ": " << outcome(planned.result);
        ASSERT_EQ(runs_of(planned.plan()), expected) << "case " << i;
        ASSERT_EQ(planned.plan().write_execute_runs,
                  std::ranges::count(expected, kBoth, &PageRun::access));
    }
}

} // namespace
} // namespace baton::test

// SPDX-License-Identifier: BSD-2-Clause
//
// Every segment that plan_load() refuses, by name and numbers.
#include "plan/load_plan.hpp"
#include "support/planned.hpp"

#include <gtest/gtest.h>

namespace baton::test {
namespace {

constexpr uint64_t kBase = 0x10'0000;
constexpr uint64_t kFileBytes = 0x1'0000;
constexpr uint64_t kLast = ~uint64_t{0};

/// A good first segment and `second`, in a file of kFileBytes: so program header 1 is the bad one.
Result<LoadPlan> with_second(const Load& second) {
    return plan_of(good_elf().load(second), kFileBytes).result;
}

TEST(LoadPlanErrors, SegmentOutsideFile) {
    EXPECT_TRUE(with_second({.vaddr = 0x20'0000,
                             .memory_bytes = 0x1000,
                             .file_bytes = 0x1000,
                             .offset = kFileBytes - 0x1000}));
    expect_error(with_second({.vaddr = 0x20'0000,
                              .memory_bytes = 0x1000,
                              .file_bytes = 0x1000,
                              .offset = kFileBytes - 0xfff}),
                 ErrorCode::segment_outside_file, {1, kFileBytes - 0xfff, 0x1000, kFileBytes});
}

TEST(LoadPlanErrors, AnOffsetThatOverflowsIsOutsideTheFile) {
    expect_error(with_second({.vaddr = 0x20'0000,
                              .memory_bytes = 0x1000,
                              .file_bytes = 0x1000,
                              .offset = kLast - 0xfff}),
                 ErrorCode::segment_outside_file, {1, kLast - 0xfff, 0x1000, kFileBytes});
}

TEST(LoadPlanErrors, ASegmentWithoutFileBytesMayNotBeginBehindTheFile) {
    EXPECT_TRUE(with_second({.vaddr = 0x20'0000, .memory_bytes = 1, .offset = kFileBytes}));
    EXPECT_TRUE(
        failed_with(with_second({.vaddr = 0x20'0000, .memory_bytes = 1, .offset = kFileBytes + 1}),
                    ErrorCode::segment_outside_file));
}

TEST(LoadPlanErrors, SegmentFileBytesExceedMemory) {
    expect_error(with_second({.vaddr = 0x20'0000, .memory_bytes = 0x800, .file_bytes = 0x801}),
                 ErrorCode::segment_file_bytes_exceed_memory, {1, 0x801, 0x800});
    expect_error(with_second({.vaddr = 0x20'0000, .memory_bytes = 0, .file_bytes = 1}),
                 ErrorCode::segment_file_bytes_exceed_memory, {1, 1, 0});
}

TEST(LoadPlanErrors, SegmentBadAlignment) {
    for (const uint64_t align : {uint64_t{3}, uint64_t{0x1001}, uint64_t{0x8000'0001}, kLast})
        expect_error(with_second({.vaddr = 0x20'0000, .memory_bytes = 1, .align = align}),
                     ErrorCode::segment_bad_alignment, {1, align});
    for (const uint64_t align : {uint64_t{0}, uint64_t{1}, uint64_t{4096}, uint64_t{1} << 63})
        EXPECT_TRUE(with_second({.vaddr = 0x20'0000, .memory_bytes = 1, .align = align}));
}

TEST(LoadPlanErrors, SegmentWraps) {
    expect_error(with_second({.vaddr = kLast, .memory_bytes = 2}), ErrorCode::segment_wraps,
                 {1, kLast, 2});
    expect_error(with_second({.vaddr = 0x20'0000, .memory_bytes = kLast}), ErrorCode::segment_wraps,
                 {1, 0x20'0000, kLast});
}

TEST(LoadPlanErrors, SegmentNotCanonical) {
    const Load bad[] = {
        {.vaddr = 0x0000'8000'0000'0000, .memory_bytes = 1}, // begins in the hole
        {.vaddr = 0xffff'7fff'ffff'ffff, .memory_bytes = 1}, // ends in it
        {.vaddr = 0x0000'7fff'ffff'ffff, .memory_bytes = 2}, // reaches into it
        {.vaddr = 0xffff'7fff'ffff'ffff, .memory_bytes = 2}, // reaches out of it
        {.vaddr = 0x0000'7fff'ffff'ffff, .memory_bytes = 0xffff'0000'0000'0002}}; // spans it
    for (const Load& load : bad)
        expect_error(with_second(load), ErrorCode::segment_not_canonical,
                     {1, load.vaddr, load.memory_bytes});
}

TEST(LoadPlanErrors, TheEdgesOfTheHoleAreCanonical) {
    EXPECT_TRUE(with_second({.vaddr = 0x0000'7fff'ffff'ffff, .memory_bytes = 1}));
    EXPECT_TRUE(with_second({.vaddr = 0xffff'8000'0000'0000, .memory_bytes = 1}));
}

TEST(LoadPlanErrors, SegmentInPageZero) {
    for (const uint64_t vaddr : {0u, 1u, 0xfffu})
        expect_error(with_second({.vaddr = vaddr, .memory_bytes = 1}),
                     ErrorCode::segment_in_page_zero, {1, vaddr});
    EXPECT_TRUE(with_second({.vaddr = 0x1000, .memory_bytes = 1}));
}

TEST(LoadPlanErrors, SegmentsOverlapNamesBoth) {
    expect_error(with_second({.vaddr = kBase + 0xfff, .memory_bytes = 1}),
                 ErrorCode::segments_overlap, {0, 1, kBase, kBase + 0xfff});
    expect_error(with_second({.vaddr = kBase - 1, .memory_bytes = 2}), ErrorCode::segments_overlap,
                 {1, 0, kBase - 1, kBase});
}

TEST(LoadPlanErrors, ASegmentWithinAnotherOverlaps) {
    expect_error(with_second({.vaddr = kBase + 8, .memory_bytes = 8}), ErrorCode::segments_overlap,
                 {0, 1, kBase, kBase + 8});
    EXPECT_TRUE(failed_with(with_second({.vaddr = kBase, .memory_bytes = 0x1000}),
                            ErrorCode::segments_overlap));
}

TEST(LoadPlanErrors, ASegmentFarAboveTheOneItBeginsInOverlaps) {
    ElfBuilder elf = good_elf();
    elf.load({.vaddr = 0x40'0000, .memory_bytes = 8})
        .load({.vaddr = 0x20'0000, .memory_bytes = 0x30'0000})
        .load({.vaddr = 0x48'0000, .memory_bytes = 8});
    expect_error(plan_of(elf).result, ErrorCode::segments_overlap, {2, 1, 0x20'0000, 0x40'0000});
}

TEST(LoadPlanErrors, SegmentsThatTouchDoNotOverlap) {
    EXPECT_TRUE(with_second({.vaddr = kBase + 0x1000, .memory_bytes = 1}));
    EXPECT_TRUE(with_second({.vaddr = kBase - 1, .memory_bytes = 1}));
}

TEST(LoadPlanErrors, NoLoadableSegment) {
    ElfBuilder elf;
    elf.add({.p_type = 4,
             .p_flags = kR,
             .p_offset = 0,
             .p_vaddr = kBase,
             .p_paddr = 0,
             .p_filesz = 0,
             .p_memsz = 8,
             .p_align = 4}); // PT_NOTE
    elf.load({.vaddr = kBase, .memory_bytes = 0});
    expect_error(plan_of(elf).result, ErrorCode::no_loadable_segment, {2});
}

TEST(LoadPlanErrors, InterpreterWanted) {
    ElfBuilder elf = good_elf();
    elf.add({.p_type = elf::PT_INTERP,
             .p_flags = kR,
             .p_offset = 0,
             .p_vaddr = 0,
             .p_paddr = 0,
             .p_filesz = 8,
             .p_memsz = 8,
             .p_align = 1});
    expect_error(plan_of(elf).result, ErrorCode::interpreter_wanted, {1});
}

Result<LoadPlan> with_entry(uint64_t entry) {
    ElfBuilder elf;
    elf.entry(entry)
        .load({.vaddr = kBase, .memory_bytes = 0x800, .flags = kR | kX})
        .load({.vaddr = kBase + 0x1000, .memory_bytes = 0x1000, .flags = kR | kW});
    return plan_of(elf).result;
}

TEST(LoadPlanErrors, EntryNotExecutable) {
    EXPECT_TRUE(with_entry(kBase));
    EXPECT_TRUE(with_entry(kBase + 0x7ff));
    for (const uint64_t entry : {uint64_t{0}, kBase - 1, kBase + 0x800, kBase + 0x1000, kLast})
        expect_error(with_entry(entry), ErrorCode::entry_not_executable, {entry});
}

TEST(LoadPlanErrors, AnArenaThatIsTooSmallIsOutOfMemory) {
    const Buffer file = good_elf().load({.vaddr = 0x20'0000, .memory_bytes = 8}).build();
    const auto image = elf::Image::parse(file);
    ASSERT_TRUE(image);
    const std::size_t needed = load_plan_bytes(*image) - 32; // less what alignment might take
    for (std::size_t bytes = 0; bytes < needed; bytes += 16) {
        Buffer memory(bytes);
        Arena arena(memory);
        EXPECT_TRUE(failed_with(plan_load(*image, 0, 48, arena), ErrorCode::out_of_memory))
            << bytes;
    }
}

} // namespace
} // namespace baton::test

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

// As of .bss in a file that a tool has cut to the bytes that it needs.
TEST(LoadPlanErrors, ASegmentWithoutFileBytesMayHaveAnyOffset) {
    for (const uint64_t offset : {kFileBytes, kFileBytes + 1, kLast})
        EXPECT_TRUE(with_second({.vaddr = 0x20'0000, .memory_bytes = 1, .offset = offset}))
            << offset;
    EXPECT_TRUE(failed_with(
        with_second({.vaddr = 0x20'0000, .memory_bytes = 1, .file_bytes = 1, .offset = kFileBytes}),
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
                     {1, load.vaddr, load.memory_bytes, 0, 48});
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

// Per-CPU data of Linux's vmlinux: offsets from GS, and placed by p_paddr.
TEST(LoadPlanErrors, SegmentOfOffsets) {
    for (const uint64_t vaddr : {0u, 0x20u, 0xfffu}) {
        ElfBuilder elf = good_elf();
        elf.load({.vaddr = vaddr, .memory_bytes = 0x2'1000, .flags = kR | kW});
        elf.program_header(1).p_paddr = 0x2c0'0000;
        expect_error(plan_of(elf).result, ErrorCode::segment_of_offsets,
                     {1, vaddr, 0x2'1000, 0x2c0'0000});
    }
}

TEST(LoadPlanErrors, SegmentsOverlapNamesBoth) {
    expect_error(with_second({.vaddr = kBase + 0xfff, .memory_bytes = 1}),
                 ErrorCode::segments_overlap, {0, kBase, 0x1000, 1, kBase + 0xfff});
    expect_error(with_second({.vaddr = kBase - 1, .memory_bytes = 2}), ErrorCode::segments_overlap,
                 {1, kBase - 1, 2, 0, kBase});
}

TEST(LoadPlanErrors, ASegmentWithinAnotherOverlaps) {
    expect_error(with_second({.vaddr = kBase + 8, .memory_bytes = 8}), ErrorCode::segments_overlap,
                 {0, kBase, 0x1000, 1, kBase + 8});
    EXPECT_TRUE(failed_with(with_second({.vaddr = kBase, .memory_bytes = 0x1000}),
                            ErrorCode::segments_overlap));
}

TEST(LoadPlanErrors, ASegmentFarAboveTheOneItBeginsInOverlaps) {
    ElfBuilder elf = good_elf();
    elf.load({.vaddr = 0x40'0000, .memory_bytes = 8})
        .load({.vaddr = 0x20'0000, .memory_bytes = 0x30'0000})
        .load({.vaddr = 0x48'0000, .memory_bytes = 8});
    expect_error(plan_of(elf).result, ErrorCode::segments_overlap,
                 {2, 0x20'0000, 0x30'0000, 1, 0x40'0000});
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
    expect_error(plan_of(elf).result, ErrorCode::no_loadable_segment, {2, 64});
}

ElfBuilder with_extra(uint32_t type, uint64_t file_bytes, ElfBuilder elf = good_elf()) {
    elf.add({.p_type = type,
             .p_flags = kR,
             .p_offset = 0,
             .p_vaddr = kBase,
             .p_paddr = kBase,
             .p_filesz = file_bytes,
             .p_memsz = file_bytes,
             .p_align = 1});
    return elf;
}

TEST(LoadPlanErrors, InterpreterWantedByADynamicSection) {
    const ElfBuilder interpreted = with_extra(elf::PT_INTERP, 8);
    expect_error(plan_of(with_extra(elf::PT_DYNAMIC, 16, interpreted)).result,
                 ErrorCode::interpreter_wanted, {1});
    expect_error(plan_of(with_extra(elf::PT_INTERP, 8, with_extra(elf::PT_DYNAMIC, 16))).result,
                 ErrorCode::interpreter_wanted, {2});
}

// ld's manual lists both for any program, and scripts were copied from it.
TEST(LoadPlanErrors, AnInterpreterOrADynamicSectionAloneOrEmptyIsNoError) {
    EXPECT_EQ(outcome(plan_of(with_extra(elf::PT_INTERP, 8)).result), "good");
    EXPECT_EQ(
        outcome(plan_of(with_extra(elf::PT_DYNAMIC, 0, with_extra(elf::PT_INTERP, 8))).result),
        "good");
    EXPECT_EQ(
        outcome(plan_of(with_extra(elf::PT_DYNAMIC, 16, with_extra(elf::PT_INTERP, 0))).result),
        "good");
}

/// Text with file bytes up to 700h, then data behind a gap.
Result<LoadPlan> with_entry(uint64_t entry, uint64_t slide = 0) {
    ElfBuilder elf;
    elf.entry(entry)
        .load({.vaddr = kBase, .memory_bytes = 0x800, .flags = kR | kX, .file_bytes = 0x700})
        .load({.vaddr = kBase + 0x1000,
               .memory_bytes = 0x1000,
               .flags = kR | kW,
               .file_bytes = 0x1000});
    return plan_of(elf, kFileBytes, {.slide = slide}).result;
}

TEST(LoadPlanErrors, EntryOutsideSegments) {
    EXPECT_TRUE(with_entry(kBase));
    EXPECT_TRUE(with_entry(kBase + 0x6ff));
    for (const uint64_t entry : {uint64_t{0}, kBase - 1, kBase + 0x800, kBase + 0x2000, kLast})
        expect_error(with_entry(entry), ErrorCode::entry_outside_segments, {entry});
}

TEST(LoadPlanErrors, EntryNotExecutable) {
    for (const uint64_t entry : {kBase + 0x1000, kBase + 0x1fff})
        expect_error(with_entry(entry), ErrorCode::entry_not_executable, {entry, 1, kR | kW});
}

TEST(LoadPlanErrors, EntryInZeroedMemory) {
    for (const uint64_t entry : {kBase + 0x700, kBase + 0x7ff})
        expect_error(with_entry(entry), ErrorCode::entry_in_zeroed_memory, {entry, 0, 0x700});
}

TEST(LoadPlanErrors, AnEntryIsToldAsItIsLinked) {
    constexpr uint64_t kSlide = 0xffff'ffff'0000'0000;
    expect_error(with_entry(0, kSlide), ErrorCode::entry_outside_segments, {0});
    expect_error(with_entry(kBase + 0x1000, kSlide), ErrorCode::entry_not_executable,
                 {kBase + 0x1000, 1, kR | kW});
    expect_error(with_entry(kBase + 0x700, kSlide), ErrorCode::entry_in_zeroed_memory,
                 {kBase + 0x700, 0, 0x700});
}

/// A segment with file bytes up to 800h and zeroes up to 1000h, and a PT_TLS.
Result<LoadPlan> with_tls(const Load& tls, uint64_t slide = 0) {
    ElfBuilder elf;
    elf.entry(kBase)
        .load({.vaddr = kBase, .memory_bytes = 0x1000, .file_bytes = 0x800})
        .load({.vaddr = kBase + 0x1000, .memory_bytes = 0x1000, .file_bytes = 0x1000})
        .load(tls);
    elf.program_header(2).p_type = elf::PT_TLS;
    return plan_of(elf, kFileBytes, {.slide = slide}).result;
}

TEST(LoadPlanErrors, TlsOutsideImage) {
    constexpr uint64_t kMuch = kLast;
    EXPECT_TRUE(with_tls({.vaddr = kBase, .memory_bytes = kMuch, .file_bytes = 0x800}));
    EXPECT_TRUE(with_tls({.vaddr = 0x123, .memory_bytes = 8})); // nothing is copied
    const Load bad[] = {{.vaddr = kBase, .memory_bytes = kMuch, .file_bytes = 0x801},
                        {.vaddr = kBase + 0x800, .memory_bytes = kMuch, .file_bytes = 1},
                        {.vaddr = kBase - 1, .memory_bytes = kMuch, .file_bytes = 2},
                        {.vaddr = kBase + 0x1fff, .memory_bytes = kMuch, .file_bytes = 2},
                        {.vaddr = kBase + 0x2000, .memory_bytes = kMuch, .file_bytes = 1},
                        {.vaddr = 0, .memory_bytes = kMuch, .file_bytes = 1},
                        {.vaddr = kLast, .memory_bytes = kMuch, .file_bytes = 8},
                        {.vaddr = kBase, .memory_bytes = kMuch, .file_bytes = kLast}};
    for (const Load& tls : bad)
        for (const uint64_t slide : {uint64_t{0}, uint64_t{0x4000'0000}})
            expect_error(with_tls(tls, slide), ErrorCode::tls_outside_image,
                         {2, tls.vaddr, tls.file_bytes});
}

TEST(LoadPlanErrors, TlsIsASegmentAsWell) {
    expect_error(with_tls({.vaddr = kBase, .memory_bytes = 7, .file_bytes = 8}),
                 ErrorCode::segment_file_bytes_exceed_memory, {2, 8, 7});
    expect_error(with_tls({.vaddr = kBase, .memory_bytes = 8, .file_bytes = 8, .align = 24}),
                 ErrorCode::segment_bad_alignment, {2, 24});
}

Result<LoadPlan> with_relro(uint64_t vaddr, uint64_t bytes, uint64_t slide = 0) {
    ElfBuilder elf = good_elf();
    elf.load({.vaddr = vaddr, .memory_bytes = bytes});
    elf.program_header(1).p_type = elf::PT_GNU_RELRO;
    return plan_of(elf, kFileBytes, {.slide = slide}).result;
}

TEST(LoadPlanErrors, RelroOutsideImage) {
    EXPECT_TRUE(with_relro(kBase, 0x1000));
    EXPECT_TRUE(with_relro(kBase + 0xfff, 0x10'0000));
    EXPECT_TRUE(with_relro(kBase - 0x1000, 0x1001));
    EXPECT_TRUE(with_relro(0, 0));
    const VirtRange bad[] = {{{kBase - 1}, 1}, {{kBase + 0x1000}, 0x1000}, {{0}, kBase},
                             {{kBase}, kLast}, {{kBase}, 1 - kBase},       {{kLast}, 1}};
    for (const VirtRange& range : bad)
        expect_error(with_relro(range.base.value, range.bytes), ErrorCode::relro_outside_image,
                     {1, range.base.value, range.bytes});
    expect_error(with_relro(0x1000, 0x1000, 0x4000'0000), ErrorCode::relro_outside_image,
                 {1, 0x1000, 0x1000});
}

TEST(LoadPlanErrors, AnArenaThatIsTooSmallIsOutOfMemory) {
    const Buffer file = good_elf().load({.vaddr = 0x20'0000, .memory_bytes = 8}).build();
    const auto image = elf::Image::parse(file);
    ASSERT_TRUE(image);
    for (std::size_t bytes = 0; bytes < 256; bytes += 16) {
        Buffer memory(bytes);
        Arena arena(memory);
        EXPECT_TRUE(failed_with(plan_load(*image, {}, arena), ErrorCode::out_of_memory)) << bytes;
    }
}

// Xen and Linux: e_entry is where a loader finds the code that places it by p_paddr.
TEST(LoadPlanErrors, EntryPhysical) {
    constexpr uint64_t kHigh = 0xffff'ffff'8000'0000;
    ElfBuilder elf;
    elf.entry(0x20'0140)
        .load({.vaddr = kHigh, .memory_bytes = 0x1000, .file_bytes = 0x1000})
        .load({.vaddr = kHigh + 0x4000, .memory_bytes = 0x1000, .file_bytes = 0x200});
    elf.program_header(0).p_paddr = 0x10'0000;
    elf.program_header(1).p_paddr = 0x20'0000;
    expect_error(plan_of(elf, kFileBytes).result, ErrorCode::entry_physical,
                 {0x20'0140, kHigh + 0x4140, 1});
    elf.entry(0x20'0200); // behind the file bytes: no code
    expect_error(plan_of(elf, kFileBytes).result, ErrorCode::entry_outside_segments, {0x20'0200});
}

/// A good first segment, and a second one that goes to `physical`.
Result<LoadPlan> with_physical(const Load& second, uint64_t physical, bool without_paging) {
    ElfBuilder elf = good_elf();
    elf.load(second);
    elf.program_header(1).p_paddr = physical;
    return plan_of(elf, kFileBytes,
                   {.placement = Placement::physical, .without_paging = without_paging})
        .result;
}

TEST(LoadPlanErrors, SegmentAbove4GiBOf32BitCode) {
    constexpr uint64_t k4GiB = uint64_t{1} << 32;
    const Load high{.vaddr = 0xffff'ffff'8000'0000, .memory_bytes = 0x1000};
    EXPECT_TRUE(with_physical(high, k4GiB - 0x1000, true));
    for (const uint64_t physical : {k4GiB - 0xfff, k4GiB, kLast - 0xfff, kLast})
        expect_error(with_physical(high, physical, true), ErrorCode::segment_above_4_gib,
                     {1, physical, 0x1000});
}

TEST(LoadPlanErrors, SegmentBadPhysicalAddress) {
    constexpr uint64_t kEnd = uint64_t{1} << 52;
    const Load high{.vaddr = 0xffff'ffff'8000'0010, .memory_bytes = 0x1000};
    EXPECT_TRUE(with_physical(high, 0x20'0010, false));
    EXPECT_TRUE(with_physical(high, kEnd - 0x1ff0, false));
    for (const uint64_t physical :
         {uint64_t{0x20'0000}, uint64_t{0x20'0011}, kEnd - 0xff0, kEnd, kLast - 0xfef, uint64_t{0}})
        expect_error(with_physical(high, physical, false), ErrorCode::segment_bad_physical_address,
                     {1, high.vaddr, physical});
}

TEST(LoadPlanErrors, SegmentsSharePageOfTwoPlaces) {
    ElfBuilder elf = good_elf();
    elf.load({.vaddr = 0x20'0000, .memory_bytes = 0x1800, .flags = kR})
        .load({.vaddr = 0x20'1800, .memory_bytes = 0x800, .flags = kR});
    const LoadRules rules{.placement = Placement::physical};
    EXPECT_EQ(outcome(plan_of(elf, kFileBytes, rules).result), "good");
    elf.program_header(2).p_paddr += 0x4000;
    expect_error(plan_of(elf, kFileBytes, rules).result, ErrorCode::segments_share_page,
                 {2, 0x20'1000, 0x20'1000, 0x20'5000});
    EXPECT_EQ(outcome(plan_of(elf, kFileBytes).result), "good"); // where p_paddr says nothing
}

TEST(LoadPlanErrors, SegmentsThatOverlapAtTheirPhysicalAddresses) {
    const Load high{.vaddr = 0xffff'ffff'8000'0000, .memory_bytes = 0x1000};
    for (const bool without_paging : {false, true})
        EXPECT_TRUE(
            failed_with(with_physical(high, kBase, without_paging), ErrorCode::segments_overlap));
}

// With a search through all segments for each, this takes minutes.
TEST(LoadPlanErrors, ManyHeadersOfEachKindAreChecked) {
    constexpr uint64_t kMany = 32'000;
    ElfBuilder elf;
    elf.entry(kBase);
    for (uint64_t i = 0; i < kMany; ++i) {
        const uint64_t address = kBase + i * 0x2000;
        elf.load({.vaddr = address, .memory_bytes = 0x1000, .file_bytes = 0x1000});
        const elf::Elf64_Phdr last = {.p_type = i % 2 == 0 ? elf::PT_TLS : elf::PT_GNU_RELRO,
                                      .p_flags = kR,
                                      .p_offset = 0,
                                      .p_vaddr = address,
                                      .p_paddr = 0,
                                      .p_filesz = 8,
                                      .p_memsz = 0x1000,
                                      .p_align = 8};
        elf.add(last);
    }
    EXPECT_EQ(outcome(plan_of(elf, kFileBytes).result), "good");
    elf.program_header(2 * kMany - 1).p_vaddr += 0x1000;
    EXPECT_TRUE(failed_with(plan_of(elf, kFileBytes).result, ErrorCode::relro_outside_image));
}

} // namespace
} // namespace baton::test

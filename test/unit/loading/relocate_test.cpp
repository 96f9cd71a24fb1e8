// SPDX-License-Identifier: BSD-2-Clause
//
// What each relocation makes of its word, and that nothing else changes.
#include "loading/relocate.hpp"

#include "support/pie.hpp"

#include <gtest/gtest.h>

namespace baton::test {
namespace {

constexpr uint64_t kSlide = Pie::kSlide;
constexpr uint64_t kMost = ~uint64_t{0};

/// It must succeed, count so many, and change these words and no other byte.
void expect_words(Pie& pie, const Pie::Words& words, uint64_t rela, uint64_t relr = 0) {
    const auto counts = pie.relocate();
    ASSERT_TRUE(counts) << outcome(counts);
    EXPECT_EQ(counts->rela, rela);
    EXPECT_EQ(counts->relr, relr);
    for (const auto& [vaddr, value] : words)
        EXPECT_EQ(pie.word(vaddr), value) << std::hex << vaddr;
    EXPECT_EQ(pie.contents(), pie.expected(words));
}

TEST(Relocate, RelativeIsTheSlideAndTheAddend) {
    Pie pie;
    const uint64_t data = pie.at.data;
    pie.rela(data, elf::R_X86_64_RELATIVE, 0x1234).rela(data + 16, elf::R_X86_64_RELATIVE, 0);
    expect_words(pie, {{data, kSlide + 0x1234}, {data + 16, kSlide}}, 2);
}

TEST(Relocate, An64IsTheSymbolTheSlideAndTheAddend) {
    Pie pie;
    const uint32_t symbol = pie.symbol("here", kGlobal, kSomeSection, 0x2500);
    pie.rela(pie.at.data, elf::R_X86_64_64, 0x10, symbol);
    pie.rela(pie.at.data + 8, elf::R_X86_64_64, 0 - uint64_t{8}, symbol);
    expect_words(pie, {{pie.at.data, kSlide + 0x2510}, {pie.at.data + 8, kSlide + 0x24f8}}, 2);
}

TEST(Relocate, GlobDatAndJumpSlotAreTheSymbolAlone) {
    Pie pie;
    const uint32_t symbol = pie.symbol("here", kGlobal, kSomeSection, 0x2500);
    pie.rela(pie.at.data, elf::R_X86_64_GLOB_DAT, 0x777, symbol);
    pie.plt(pie.at.data + 8, elf::R_X86_64_JUMP_SLOT, 0x777, symbol);
    expect_words(pie, {{pie.at.data, kSlide + 0x2500}, {pie.at.data + 8, kSlide + 0x2500}}, 2);
}

TEST(Relocate, NoneChangesNothingWhereverItPoints) {
    Pie pie;
    pie.rela(pie.at.data, elf::R_X86_64_NONE, 7).rela(kMost, elf::R_X86_64_NONE, 7, 0xffff'ffff);
    expect_words(pie, {}, 2);
}

TEST(Relocate, AnAbsoluteSymbolDoesNotSlide) {
    Pie pie;
    const uint32_t symbol = pie.symbol("version", kGlobal, kAbsolute, 0x42);
    pie.rela(pie.at.data, elf::R_X86_64_64, 1, symbol);
    pie.rela(pie.at.data + 8, elf::R_X86_64_GLOB_DAT, 0, symbol);
    expect_words(pie, {{pie.at.data, 0x43}, {pie.at.data + 8, 0x42}}, 2);
}

TEST(Relocate, AWeakSymbolThatIsUndefinedIsZero) {
    Pie pie;
    const uint32_t symbol = pie.symbol("optional", kWeak, kUndefined, 0x5555);
    pie.rela(pie.at.data, elf::R_X86_64_64, 3, symbol);
    pie.rela(pie.at.data + 8, elf::R_X86_64_GLOB_DAT, 0, symbol);
    pie.plt(pie.at.data + 16, elf::R_X86_64_JUMP_SLOT, 0, symbol);
    expect_words(pie, {{pie.at.data, 3}, {pie.at.data + 8, 0}, {pie.at.data + 16, 0}}, 3);
}

TEST(Relocate, AWeakSymbolThatIsDefinedHasItsValue) {
    Pie pie;
    const uint32_t symbol = pie.symbol("there", kWeak, kSomeSection, 0x2500);
    pie.rela(pie.at.data, elf::R_X86_64_64, 0, symbol);
    expect_words(pie, {{pie.at.data, kSlide + 0x2500}}, 1);
}

// gABI, "Relocation": with the index STN_UNDEF, the relocation uses 0 as the symbol's value.
TEST(Relocate, NoSymbolAtAllIsZero) {
    Pie pie;
    pie.rela(pie.at.data, elf::R_X86_64_64, 0x1234, 0);
    expect_words(pie, {{pie.at.data, 0x1234}}, 1);
}

TEST(Relocate, AlignmentOfATargetDoesNotMatter) {
    Pie pie;
    pie.rela(pie.at.data + 3, elf::R_X86_64_RELATIVE, 0x1234);
    expect_words(pie, {{pie.at.data + 3, kSlide + 0x1234}}, 1);
}

TEST(Relocate, ReadOnlySegmentsAreRelocatedToo) {
    Pie pie;
    pie.rela(pie.at.text_end - 8, elf::R_X86_64_RELATIVE, 1);
    pie.rela(pie.at.second_of_two, elf::R_X86_64_RELATIVE, 2);
    expect_words(pie, {{pie.at.text_end - 8, kSlide + 1}, {pie.at.second_of_two, kSlide + 2}}, 2);
}

TEST(Relocate, TargetsReachTheFirstAndTheLastFileBytesOfASegment) {
    Pie pie;
    pie.rela(pie.at.bss - 8, elf::R_X86_64_RELATIVE, 1);
    pie.rela(pie.at.first_of_two, elf::R_X86_64_RELATIVE, 2);
    pie.rela(pie.at.second_of_two - 8, elf::R_X86_64_RELATIVE, 3);
    pie.rela(pie.at.end - 8, elf::R_X86_64_RELATIVE, 4);
    expect_words(pie,
                 {{pie.at.bss - 8, kSlide + 1},
                  {pie.at.first_of_two, kSlide + 2},
                  {pie.at.second_of_two - 8, kSlide + 3},
                  {pie.at.end - 8, kSlide + 4}},
                 4);
}

TEST(Relocate, OfSeveralForOneWordTheLastOneHolds) {
    Pie pie;
    pie.rela(pie.at.data, elf::R_X86_64_RELATIVE, 1).rela(pie.at.data, elf::R_X86_64_RELATIVE, 2);
    pie.plt(pie.at.data, elf::R_X86_64_RELATIVE, 3);
    expect_words(pie, {{pie.at.data, kSlide + 3}}, 3);
}

TEST(Relocate, AddressesAndValuesWrapWithTheSlide) {
    Pie pie(0xffff'ffff'8000'0000); // linked high, placed low
    pie.slide = 0x20'0000 - pie.at.base;
    const uint32_t symbol = pie.symbol("here", kGlobal, kSomeSection, pie.at.data);
    pie.rela(pie.at.data, elf::R_X86_64_RELATIVE, pie.at.base + 0x1234);
    pie.rela(pie.at.data + 8, elf::R_X86_64_64, 4, symbol);
    pie.put(pie.at.data + 16, pie.at.base + 0x77);
    pie.relr(pie.at.data + 16);
    expect_words(pie,
                 {{pie.at.data, 0x20'1234},
                  {pie.at.data + 8, 0x20'0000 + (pie.at.data - pie.at.base) + 4},
                  {pie.at.data + 16, 0x20'0077}},
                 2, 1);
}

TEST(Relocate, WithoutASlideRelativeIsTheAddend) {
    Pie pie(0x20'0000);
    pie.slide = 0;
    pie.put(pie.at.data + 8, uint64_t{0x1111});
    pie.rela(pie.at.data, elf::R_X86_64_RELATIVE, 0x20'1234).relr(pie.at.data + 8);
    expect_words(pie, {{pie.at.data, 0x20'1234}}, 1, 1);
}

TEST(Relocate, AKernelWithoutADynamicSegmentIsLeftAlone) {
    FakeFrames frames;
    auto planned = placed({{.vaddr = 0x10'0000, .memory_bytes = 0x1000}}, frames);
    const auto counts = relocate(planned.plan(), frames);
    ASSERT_TRUE(counts) << outcome(counts);
    EXPECT_EQ(counts->rela, 0u);
    EXPECT_EQ(counts->relr, 0u);
    EXPECT_EQ(frames.read(planned.plan().regions[0].physical.value), 0xa5a5'a5a5'a5a5'a5a5);
}

TEST(Relocate, ADynamicArrayWithoutTablesChangesNothing) {
    Pie pie;
    pie.entry(0x6fff'fffb, 0x0800'0000).entry(21, 0); // DT_FLAGS_1 PIE, DT_DEBUG
    expect_words(pie, {}, 0);
}

TEST(Relocate, ATableWithoutBytesMayBeAnywhere) {
    Pie pie;
    for (const auto& [tag, size_tag] :
         {std::pair{elf::DT_RELA, elf::DT_RELASZ}, std::pair{elf::DT_JMPREL, elf::DT_PLTRELSZ},
          std::pair{elf::DT_RELR, elf::DT_RELRSZ}})
        pie.entry(tag, kMost).entry(size_tag, 0);
    expect_words(pie, {}, 0);
}

TEST(Relocate, EntriesBehindTheNullMeanNothing) {
    Pie pie;
    pie.entry(elf::DT_NULL, 0).entry(elf::DT_NEEDED, 1);
    pie.dynamic_range = {{pie.at.dynamic}, 0x200};
    pie.rela(kMost, elf::R_X86_64_RELATIVE, 1); // finish() adds its table behind the null
    expect_words(pie, {}, 0);
}

/// `count` words of the data segment with known contents, all of which slide.
Pie::Words words_at(Pie& pie, uint64_t address, uint64_t count) {
    Pie::Words words;
    for (uint64_t i = 0; i < count; ++i) {
        pie.put(address + 8 * i, 0x1000 + i);
        words[address + 8 * i] = kSlide + 0x1000 + i;
    }
    return words;
}

TEST(RelocateRelr, AnAddressAddsTheSlideToOneWord) {
    Pie pie;
    const auto words = words_at(pie, pie.at.data, 1);
    pie.relr(pie.at.data);
    expect_words(pie, words, 0, 1);
}

TEST(RelocateRelr, ABitmapIsOfThe63WordsBehind) {
    Pie pie;
    auto words = words_at(pie, pie.at.data, 64);
    pie.relr(pie.at.data).relr(kMost);
    expect_words(pie, words, 0, 64);
}

TEST(RelocateRelr, ABitStandsForItsOwnWord) {
    for (unsigned bit = 1; bit < 64; ++bit) {
        Pie pie;
        auto words = words_at(pie, pie.at.data, 64);
        words = {*words.begin(), *std::next(words.begin(), bit)};
        pie.relr(pie.at.data).relr(uint64_t{1} << bit | 1);
        expect_words(pie, words, 0, 2);
    }
}

TEST(RelocateRelr, BitmapsContinueWhereTheOneBeforeEnded) {
    Pie pie;
    auto words = words_at(pie, pie.at.data, 1 + 63 + 63 + 63);
    for (uint64_t i = 64; i < 64 + 63; ++i) // of the second bitmap the last word alone
        if (i != 64 + 62)
            words.erase(pie.at.data + 8 * i);
    pie.relr(pie.at.data).relr(kMost).relr(uint64_t{1} << 63 | 1).relr(kMost);
    expect_words(pie, words, 0, 1 + 63 + 1 + 63);
}

TEST(RelocateRelr, ABitmapWithoutBitsSkipsItsWords) {
    Pie pie;
    auto words = words_at(pie, pie.at.data, 1 + 63 + 1);
    words = {*words.begin(), *words.rbegin()};
    pie.relr(pie.at.data).relr(1).relr(3);
    expect_words(pie, words, 0, 2);
}

TEST(RelocateRelr, AnAddressBeginsANewRun) {
    Pie pie;
    auto words = words_at(pie, pie.at.data, 2);
    words.merge(words_at(pie, pie.at.first_of_two, 3));
    words.erase(pie.at.first_of_two + 8);
    pie.relr(pie.at.data).relr(3).relr(pie.at.first_of_two).relr(5);
    expect_words(pie, words, 0, 4);
}

TEST(RelocateRelr, IsAppliedBeforeRela) {
    Pie pie;
    pie.put(pie.at.data, uint64_t{5});
    pie.relr(pie.at.data).rela(pie.at.data, elf::R_X86_64_RELATIVE, 9);
    expect_words(pie, {{pie.at.data, kSlide + 9}}, 1, 1);
}

} // namespace
} // namespace baton::test

// SPDX-License-Identifier: BSD-2-Clause
//
// Everything that relocate() refuses, by name, numbers and subject.
#include "loading/relocate.hpp"
#include "support/pie.hpp"

#include <functional>
#include <gtest/gtest.h>
#include <string>

namespace baton::test {
namespace {

constexpr uint64_t kMost = ~uint64_t{0};
constexpr uint64_t kDynamicHeader = 4; // behind the segments

/// What `spoil` did to a kernel is refused, and nothing in memory has changed.
void expect_refused(const std::function<void(Pie&)>& spoil, ErrorCode code,
                    std::initializer_list<uint64_t> numbers) {
    Pie pie;
    spoil(pie);
    expect_error(pie.relocate(), code, numbers);
    EXPECT_EQ(pie.contents(), pie.before());
}

TEST(RelocateErrors, AnUndefinedSymbolIsNamed) {
    for (const uint32_t type :
         {elf::R_X86_64_64, elf::R_X86_64_GLOB_DAT, elf::R_X86_64_JUMP_SLOT}) {
        Pie pie;
        pie.symbol("something", kGlobal, kSomeSection, 1);
        const uint32_t symbol = pie.symbol("printf", kGlobal, kUndefined, 0);
        pie.rela(pie.at.data, type, 0, symbol);
        const auto result = pie.relocate();
        ASSERT_FALSE(result);
        EXPECT_EQ(
            result.error(),
            Error(ErrorCode::relocation_undefined_symbol, {symbol, pie.at.data}).about("printf"));
        EXPECT_EQ(pie.contents(), pie.before());
    }
}

TEST(RelocateErrors, AnIfuncIsNamedAndItsResolverIsNotItsValue) {
    for (const uint32_t type : {elf::R_X86_64_64, elf::R_X86_64_GLOB_DAT, elf::R_X86_64_JUMP_SLOT})
        for (const uint16_t section : {kSomeSection, kAbsolute})
            for (const uint8_t binding : {kGlobal, kWeak}) {
                Pie pie;
                const uint32_t symbol =
                    pie.symbol("memcpy", binding, section, pie.at.base, elf::STT_GNU_IFUNC);
                pie.rela(pie.at.data, type, 0, symbol);
                const auto result = pie.relocate();
                ASSERT_FALSE(result);
                EXPECT_EQ(result.error(),
                          Error(ErrorCode::relocation_unsupported, {type, pie.at.data, symbol})
                              .about("memcpy"));
                EXPECT_EQ(pie.contents(), pie.before());
            }
}

TEST(RelocateErrors, AnIfuncThatIsNotDefinedIsAnUndefinedSymbol) {
    Pie pie;
    const uint32_t symbol = pie.symbol("memcpy", kGlobal, kUndefined, 0, elf::STT_GNU_IFUNC);
    pie.rela(pie.at.data, elf::R_X86_64_64, 0, symbol);
    const auto result = pie.relocate();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error(),
              Error(ErrorCode::relocation_undefined_symbol, {symbol, pie.at.data}).about("memcpy"));
}

TEST(RelocateErrors, ALongNameIsCutOff) {
    Pie pie;
    const std::string name(300, 'n');
    const uint32_t symbol = pie.symbol(name, kGlobal, kUndefined, 0);
    pie.rela(pie.at.data, elf::R_X86_64_64, 0, symbol);
    const auto result = pie.relocate();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error(),
              Error(ErrorCode::relocation_undefined_symbol, {symbol, pie.at.data}).about(name));
}

TEST(RelocateErrors, ANameOutsideTheStringTableIsEmpty) {
    const std::function<void(Pie&)> spoils[] = {
        [](Pie& pie) { pie.entry(elf::DT_STRSZ, 1); },
        [](Pie& pie) { pie.entry(elf::DT_STRTAB, kMost - 7); },
        [](Pie& pie) { pie.entry(elf::DT_STRSZ, kMost); },
        [](Pie& pie) { pie.entry(elf::DT_STRTAB, pie.at.bss); },
    };
    for (const auto& spoil : spoils) {
        Pie pie;
        const uint32_t symbol = pie.symbol("printf", kGlobal, kUndefined, 0);
        pie.rela(pie.at.data, elf::R_X86_64_64, 0, symbol);
        spoil(pie);
        const auto result = pie.relocate();
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error(),
                  Error(ErrorCode::relocation_undefined_symbol, {symbol, pie.at.data}));
    }
}

TEST(RelocateErrors, ANameThatNothingEndsEndsWithItsTable) {
    Pie pie;
    const uint32_t symbol = pie.symbol("printf", kGlobal, kUndefined, 0);
    pie.rela(pie.at.data, elf::R_X86_64_64, 0, symbol).entry(elf::DT_STRSZ, 1 + 4);
    const auto result = pie.relocate();
    ASSERT_FALSE(result);
    EXPECT_STREQ(result.error().subject().data(), "prin");
}

TEST(RelocateErrors, OtherTypesAreUnsupported) {
    // PC32, COPY, 32, DTPMOD64, TPOFF64, IRELATIVE, and numbers that are none.
    for (const uint32_t type : {2u, 5u, 10u, 16u, 18u, 37u, 255u, 0xffff'ffffu})
        expect_refused([type](Pie& pie) { pie.rela(pie.at.data, type, 1, 7); },
                       ErrorCode::relocation_unsupported, {type, PieAddresses().data, 7});
}

/// Where no eight bytes of a segment's file bytes are.
std::vector<uint64_t> bad_targets() {
    const PieAddresses at;
    return {at.bss,               // zeroed memory
            at.bss - 7,           // its first byte
            at.bss + 0x7f8,       // its last
            at.text_end,          // between segments
            at.text_end - 1,      // partly
            at.dynamic - 1,       // partly, from below
            at.dynamic - 8,       // just below
            at.second_of_two - 4, // across two segments
            at.end,               // behind everything
            at.end - 7,
            kMost,
            kMost - 6,
            0 - uint64_t{8},
            0 - Pie::kSlide, // address 0
            uint64_t{1} << 63};
}

TEST(RelocateErrors, ATargetMustLieInTheFileBytesOfOneSegment) {
    for (const uint64_t target : bad_targets()) {
        SCOPED_TRACE(testing::Message() << std::hex << target);
        expect_refused([=](Pie& pie) { pie.rela(target, elf::R_X86_64_RELATIVE); },
                       ErrorCode::relocation_outside_image, {elf::R_X86_64_RELATIVE, target});
        expect_refused(
            [=](Pie& pie) {
                pie.plt(target, elf::R_X86_64_JUMP_SLOT, 0,
                        pie.symbol("here", kGlobal, kSomeSection, 1));
            },
            ErrorCode::relocation_outside_image, {elf::R_X86_64_JUMP_SLOT, target});
    }
}

TEST(RelocateErrors, AWordOfRelrMustLieInTheFileBytesOfOneSegment) {
    for (const uint64_t target : bad_targets()) {
        SCOPED_TRACE(testing::Message() << std::hex << target);
        if (target % 2 == 0)
            expect_refused([=](Pie& pie) { pie.relr(target); }, ErrorCode::relocation_outside_image,
                           {elf::R_X86_64_RELATIVE, target});
    }
}

TEST(RelocateErrors, ABitmapMustNotReachOutOfTheFileBytes) {
    Pie pie;
    pie.relr(pie.at.bss - 16).relr(1 << 1 | 1 << 2 | 1);
    expect_error(pie.relocate(), ErrorCode::relocation_outside_image,
                 {elf::R_X86_64_RELATIVE, pie.at.bss});
}

TEST(RelocateErrors, TheDynamicArrayMustLieInTheImage) {
    const PieAddresses at;
    const VirtRange bad[] = {{{at.bss}, 16},        {{at.bss - 8}, 16}, {{at.text_end}, 16},
                             {{at.dynamic}, kMost}, {{kMost - 15}, 16}, {{at.dynamic}, 0x1001}};
    for (const VirtRange& range : bad)
        expect_refused([&](Pie& pie) { pie.dynamic_range = range; },
                       ErrorCode::dynamic_section_outside_image,
                       {kDynamicHeader, range.base.value, range.bytes});
}

TEST(RelocateErrors, TheDynamicArrayMustEndInNull) {
    expect_refused(
        [](Pie& pie) {
            pie.rela(pie.at.data, elf::R_X86_64_RELATIVE, 1);
            pie.ends_with_null = false;
        },
        ErrorCode::dynamic_section_not_ended, {kDynamicHeader, 6 * 16});
    for (const uint64_t bytes : {1u, 15u, 16u, 31u}) // the null is cut off
        expect_refused([=](Pie& pie) { pie.dynamic_range = {{pie.at.dynamic}, bytes}; },
                       ErrorCode::dynamic_section_not_ended, {kDynamicHeader, bytes});
}

struct TableTags {
    uint64_t address, size;
    uint64_t entry_bytes;
};
constexpr TableTags kTables[] = {{elf::DT_RELA, elf::DT_RELASZ, 24},
                                 {elf::DT_JMPREL, elf::DT_PLTRELSZ, 24},
                                 {elf::DT_RELR, elf::DT_RELRSZ, 8}};

TEST(RelocateErrors, ATableMustLieInTheFileBytesOfOneSegment) {
    const PieAddresses at;
    const VirtRange bad[] = {{{at.bss}, 24},          {{at.bss - 8}, 24},
                             {{at.text_end}, 24},     {{at.second_of_two - 8}, 24},
                             {{at.rela}, kMost - 15}, // a multiple of 8 and of 24
                             {{at.rela}, 0xf18},      {{kMost - 23}, 24},
                             {{0 - Pie::kSlide}, 24}, {{0 - uint64_t{24}}, kMost - 15}};
    for (const TableTags& tags : kTables)
        for (const VirtRange& range : bad)
            expect_refused(
                [&](Pie& pie) {
                    pie.entry(tags.address, range.base.value).entry(tags.size, range.bytes);
                },
                ErrorCode::dynamic_outside_image, {tags.address, range.base.value, range.bytes});
}

TEST(RelocateErrors, ATableHasAnAddressAndASize) {
    for (const TableTags& tags : kTables) {
        expect_refused([&](Pie& pie) { pie.entry(tags.size, tags.entry_bytes); },
                       ErrorCode::dynamic_incomplete, {tags.size, tags.address});
        expect_refused([&](Pie& pie) { pie.entry(tags.address, pie.at.rela); },
                       ErrorCode::dynamic_incomplete, {tags.address, tags.size});
    }
}

TEST(RelocateErrors, ATableHasWholeEntries) {
    for (const TableTags& tags : kTables)
        for (const uint64_t bytes :
             {uint64_t{1}, tags.entry_bytes - 1, 3 * tags.entry_bytes + 1, kMost})
            expect_refused(
                [&](Pie& pie) { pie.entry(tags.address, pie.at.rela).entry(tags.size, bytes); },
                ErrorCode::dynamic_bad_table_size, {tags.size, bytes, tags.entry_bytes});
}

/// A relocation against symbol `index`, with its tables elsewhere.
void expect_no_symbol(uint32_t index, uint64_t symbols, uint64_t strings) {
    expect_refused(
        [=](Pie& pie) {
            pie.rela(pie.at.data, elf::R_X86_64_64, 0, index)
                .entry(elf::DT_SYMTAB, symbols)
                .entry(elf::DT_STRTAB, strings);
        },
        ErrorCode::relocation_symbol_outside_table, {index, PieAddresses().data, symbols});
}

TEST(RelocateErrors, ASymbolMustLieInTheImage) {
    const PieAddresses at;
    for (const uint32_t index : {0x1000u, 0xffff'ffffu})
        expect_no_symbol(index, at.symbols, at.base);
    expect_no_symbol(1, at.bss - 40, at.base);
    expect_no_symbol(1, kMost - 15, at.base);
    expect_no_symbol(2, 0, at.base); // there is no table
}

TEST(RelocateErrors, ASymbolMustLieBeforeTheStringTable) {
    const PieAddresses at;
    const auto count = static_cast<uint32_t>((at.strings - at.symbols) / 24);
    for (const uint32_t index : {count, count + 1})
        expect_no_symbol(index, at.symbols, at.strings);
    expect_no_symbol(1, at.symbols, at.symbols + 47);
    Pie pie;
    pie.rela(pie.at.data, elf::R_X86_64_64, 0, pie.symbol("x", kGlobal, kSomeSection, 1))
        .entry(elf::DT_STRTAB, pie.at.symbols + 48);
    EXPECT_EQ(outcome(pie.relocate()), "good");
}

TEST(RelocateErrors, RelrBeginsWithAnAddress) {
    for (const uint64_t bitmap : {uint64_t{1}, uint64_t{3}, kMost})
        expect_refused([=](Pie& pie) { pie.relr(bitmap).relr(pie.at.data); },
                       ErrorCode::relr_without_address, {bitmap});
}

TEST(RelocateErrors, AndroidsPackedRelocationsAreUnsupported) {
    for (const uint64_t tag : {elf::DT_ANDROID_REL, elf::DT_ANDROID_RELA})
        expect_refused([=](Pie& pie) { pie.entry(tag, 0x200); },
                       ErrorCode::relocation_table_unsupported, {tag, 0x200});
}

TEST(RelocateErrors, EntriesHaveTheSizesOfElf64) {
    for (const auto& [tag, right] :
         {std::pair{elf::DT_RELAENT, uint64_t{24}}, std::pair{elf::DT_SYMENT, uint64_t{24}},
          std::pair{elf::DT_RELRENT, uint64_t{8}}}) {
        for (const uint64_t size : {uint64_t{0}, right - 1, right + 1, kMost})
            expect_refused([&](Pie& pie) { pie.entry(tag, size); },
                           ErrorCode::dynamic_bad_entry_size, {tag, size, right});
        Pie pie;
        EXPECT_TRUE(pie.entry(tag, right).relocate());
    }
}

TEST(RelocateErrors, ALibraryIsNeeded) {
    expect_refused([](Pie& pie) { pie.entry(elf::DT_NEEDED, 0x123); }, ErrorCode::library_needed,
                   {0x123});
}

TEST(RelocateErrors, RelocationsWithoutAddends) {
    expect_refused([](Pie& pie) { pie.entry(elf::DT_REL, 0x200); },
                   ErrorCode::relocation_without_addend, {elf::DT_REL, 0x200});
    expect_refused([](Pie& pie) { pie.entry(elf::DT_PLTREL, elf::DT_REL); },
                   ErrorCode::relocation_without_addend, {elf::DT_PLTREL, elf::DT_REL});
    Pie pie;
    EXPECT_TRUE(pie.entry(elf::DT_PLTREL, elf::DT_RELA).relocate());
}

} // namespace
} // namespace baton::test

// SPDX-License-Identifier: BSD-2-Clause
//
// Everything that relocate() refuses, by name, numbers and subject.
#include "plan/relocate.hpp"
#include "support/pie.hpp"

#include <functional>
#include <gtest/gtest.h>
#include <string>

namespace baton::test {
namespace {

constexpr uint64_t kMost = ~uint64_t{0};

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
    EXPECT_STREQ(result.error().subject.data(), "prin");
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
                       ErrorCode::dynamic_outside_image,
                       {0, range.base.value + Pie::kSlide, range.bytes});
}

struct TableTags {
    uint64_t address, size;
};

TEST(RelocateErrors, ATableMustLieInTheFileBytesOfOneSegment) {
    const PieAddresses at;
    const VirtRange bad[] = {{{at.bss}, 24},
                             {{at.bss - 8}, 24},
                             {{at.text_end}, 24},
                             {{at.second_of_two - 8}, 24},
                             {{at.rela}, kMost},
                             {{at.rela}, 0x1000},
                             {{kMost - 23}, 24},
                             {{0 - Pie::kSlide}, 24},
                             {{0 - uint64_t{24}}, kMost}};
    for (const TableTags& tags :
         {TableTags{elf::DT_RELA, elf::DT_RELASZ}, TableTags{elf::DT_JMPREL, elf::DT_PLTRELSZ},
          TableTags{elf::DT_RELR, elf::DT_RELRSZ}})
        for (const VirtRange& range : bad)
            expect_refused(
                [&](Pie& pie) {
                    pie.entry(tags.address, range.base.value).entry(tags.size, range.bytes);
                },
                ErrorCode::dynamic_outside_image, {tags.address, range.base.value, range.bytes});
}

TEST(RelocateErrors, ASizeWithoutAnAddressIsOutsideTheImage) {
    Pie pie(0x10'0000); // nothing is at its address 0
    pie.entry(elf::DT_RELASZ, 24);
    expect_error(pie.relocate(), ErrorCode::dynamic_outside_image, {elf::DT_RELA, 0, 24});
}

TEST(RelocateErrors, ASymbolMustLieInTheImage) {
    for (const uint32_t index : {0x1000u, 0xffff'ffffu})
        expect_refused([=](Pie& pie) { pie.rela(pie.at.data, elf::R_X86_64_64, 0, index); },
                       ErrorCode::dynamic_outside_image,
                       {elf::DT_SYMTAB, PieAddresses().symbols + 24 * uint64_t{index}, 24});
    expect_refused(
        [](Pie& pie) {
            pie.rela(pie.at.data, elf::R_X86_64_64, 0, 1).entry(elf::DT_SYMTAB, pie.at.bss - 40);
        },
        ErrorCode::dynamic_outside_image, {elf::DT_SYMTAB, PieAddresses().bss - 16, 24});
}

TEST(RelocateErrors, ASymbolWithoutATableIsOutsideTheImage) {
    expect_refused(
        [](Pie& pie) { pie.rela(pie.at.data, elf::R_X86_64_64, 0, 2).entry(elf::DT_SYMTAB, 0); },
        ErrorCode::dynamic_outside_image, {elf::DT_SYMTAB, 48, 24});
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

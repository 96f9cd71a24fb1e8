// SPDX-License-Identifier: BSD-2-Clause
#include "config/load_options.hpp"

#include "config/parsing.hpp"
#include "config/path.hpp"
#include "support/errors.hpp"
#include "support/random.hpp"

#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

namespace baton::test {
namespace {

using Outcome = Result<std::optional<BootEntry>>;

void with_parsed(std::span<const std::byte> bytes,
                 const std::function<void(const Outcome&, const Remarks&)>& check) {
    HeapArena arena;
    Remarks remarks;
    check(parse_load_options(bytes, arena, remarks), remarks);
}

void expect_entry(std::span<const std::byte> bytes,
                  const std::function<void(const BootEntry&, const Remarks&)>& check) {
    with_parsed(bytes, [&](const Outcome& result, const Remarks& remarks) {
        ASSERT_EQ(outcome(result), "good");
        ASSERT_TRUE(result->has_value());
        check(**result, remarks);
    });
}
void expect_entry(std::u16string_view text,
                  const std::function<void(const BootEntry&, const Remarks&)>& check) {
    expect_entry(as_utf16(text), check);
}

void expect_no_entry(std::span<const std::byte> bytes) {
    with_parsed(bytes, [](const Outcome& result, const Remarks& remarks) {
        ASSERT_EQ(outcome(result), "good");
        EXPECT_FALSE(result->has_value());
        EXPECT_TRUE(remarks.texts.empty());
    });
}
void expect_no_entry(std::u16string_view text) {
    expect_no_entry(as_utf16(text));
}

void expect_refused(std::u16string_view text, const Error& error) {
    with_parsed(as_utf16(text),
                [&](const Outcome& result, const Remarks&) { expect_failure(result, error); });
}

TEST(LoadOptions, AllThatAnEntryCanSay) {
    expect_entry(u"kernel=/os/kernel.elf module=\\os\\a.bin=first module=b kaslr=on wx=refuse"
                 u" after-fault=exit watchdog=off crash-record=on debug=wait log=memory -- "
                 u"console=ttyS0  quiet",
                 [](const BootEntry& entry, const Remarks& remarks) {
                     EXPECT_EQ(entry.kernel, "\\os\\kernel.elf");
                     EXPECT_EQ(modules_of(entry), "\\os\\a.bin=first|\\b=");
                     EXPECT_EQ(entry.kaslr, Switch::on);
                     EXPECT_EQ(entry.write_execute, WriteExecute::refuse);
                     EXPECT_EQ(entry.after_fault, AfterFault{AfterFault::Action::exit});
                     EXPECT_EQ(entry.watchdog, 0u);
                     EXPECT_EQ(entry.crash_record, Switch::on);
                     EXPECT_EQ(entry.debug, Debug::wait);
                     EXPECT_EQ(entry.log, LogTo::memory);
                     EXPECT_EQ(entry.command_line, "console=ttyS0  quiet");
                     EXPECT_TRUE(remarks.texts.empty());
                 });
}

TEST(LoadOptions, WhatIsNotSaidIsUnset) {
    expect_entry(u"kernel=a", [](const BootEntry& entry, const Remarks&) {
        EXPECT_EQ(entry.file_name, "");
        EXPECT_EQ(entry.id, "");
        EXPECT_TRUE(entry.modules.empty());
        EXPECT_EQ(entry.command_line, "");
        EXPECT_EQ(entry.kaslr, Switch::unset);
        EXPECT_EQ(entry.write_execute, WriteExecute::unset);
        EXPECT_EQ(entry.after_fault, AfterFault{});
        EXPECT_FALSE(entry.tries);
    });
}

TEST(LoadOptions, TheOtherSettings) {
    expect_entry(u"wx=allow kaslr=off kernel=a", [](const BootEntry& entry, const Remarks&) {
        EXPECT_EQ(entry.kaslr, Switch::off);
        EXPECT_EQ(entry.write_execute, WriteExecute::allow);
    });
}

TEST(LoadOptions, TheProgramsNameComesFirst) {
    for (const std::u16string_view name :
         {u"BOOTX64.EFI", u"\\EFI\\BOOT\\BOOTX64.EFI", u"\"\\my dir\\a=b.efi\"", u"x=y"})
        expect_entry(std::u16string(name) + u" kernel=a -- b",
                     [](const BootEntry& entry, const Remarks& remarks) {
                         EXPECT_EQ(entry.kernel, "\\a");
                         EXPECT_EQ(entry.command_line, "b");
                         EXPECT_TRUE(remarks.texts.empty());
                     });
}

TEST(LoadOptions, WithoutAKeyThereIsNoEntry) {
    for (const std::u16string_view text :
         {u"", u" ", u"BOOTX64.EFI", u"--", u"BOOTX64.EFI -- kernel=a", u"kernel", u"KERNEL=a",
          u"mykernel=a", u"=a", u"root=/dev/sda1 initrd=\\i", u"\"open", u"-- \"open"})
        expect_no_entry(text);
}

TEST(LoadOptions, BytesThatAreNoTextAreNoEntry) {
    expect_no_entry(Buffer(1));
    expect_no_entry(Buffer(64));
    expect_no_entry(Buffer(64, std::byte{0xff}));
    Random random(3);
    for (int round = 0; round < 200; ++round) {
        Buffer bytes(random.below(300));
        for (std::byte& byte : bytes)
            byte = static_cast<std::byte>(random.any());
        expect_no_entry(bytes);
    }
}

TEST(LoadOptions, TextEndsAtANulOrTheEnd) {
    using namespace std::string_view_literals;
    for (const std::u16string_view text :
         {u"kernel=a -- b"sv, u"kernel=a -- b\0"sv, u"kernel=a -- b\0\x1234\x5678"sv})
        expect_entry(text, [](const BootEntry& entry, const Remarks&) {
            EXPECT_EQ(entry.command_line, "b");
        });
}

TEST(LoadOptions, AnyAlignmentAndAnOddLengthWillDo) {
    Buffer bytes = as_utf16(u"kernel=\u00e4 -- b");
    bytes.push_back(std::byte{0x31});
    for (std::size_t shift = 0; shift < 2; ++shift)
        expect_entry(ShiftedBytes(bytes, shift).view(), [](const BootEntry& entry, const Remarks&) {
            EXPECT_EQ(entry.kernel, "\\\xc3\xa4");
            EXPECT_EQ(entry.command_line, "b");
        });
}

TEST(LoadOptions, EightBitTextWillDo) {
    using namespace std::string_view_literals;
    for (const std::string_view text :
         {"kernel=a -- b"sv, "kernel=a -- b\0"sv, "kernel=a  -- b\0\0"sv})
        expect_entry(as_bytes(text), [](const BootEntry& entry, const Remarks&) {
            EXPECT_EQ(entry.kernel, "\\a");
            EXPECT_EQ(entry.command_line, "b");
        });
}

TEST(LoadOptions, QuotesKeepBlanksTogether) {
    for (const std::u16string_view text :
         {u"kernel=\"/my os/k\" module=\"/a b=c\"=\"two words\"",
          u"\"kernel=/my os/k\" module=/a\" \"b\"=\"c=two\" \"words"})
        expect_entry(text, [](const BootEntry& entry, const Remarks&) {
            EXPECT_EQ(entry.kernel, "\\my os\\k");
            EXPECT_EQ(modules_of(entry), "\\a b=c=two words");
            ASSERT_EQ(entry.modules.size(), 1u);
            EXPECT_EQ(entry.modules[0].string, "two words");
        });
}

TEST(LoadOptions, AnEqualsSignInQuotesBelongsToThePath) {
    expect_entry(u"kernel=a=b \"module=c=d\" module=e=f=g",
                 [](const BootEntry& entry, const Remarks&) {
                     EXPECT_EQ(entry.kernel, "\\a=b");
                     ASSERT_EQ(entry.modules.size(), 2u);
                     EXPECT_EQ(entry.modules[0].path, "\\c=d");
                     EXPECT_EQ(entry.modules[0].string, "");
                     EXPECT_EQ(entry.modules[1].path, "\\e");
                     EXPECT_EQ(entry.modules[1].string, "f=g");
                 });
}

TEST(LoadOptions, TwoQuotesInQuotesAreOne) {
    expect_entry(u"kernel=a module=b=\"say \"\"hi\"\"\" module=c=\"\" -- \"as \"\"it is\"",
                 [](const BootEntry& entry, const Remarks&) {
                     EXPECT_EQ(modules_of(entry), "\\b=say \"hi\"|\\c=");
                     EXPECT_EQ(entry.command_line, "\"as \"\"it is\"");
                 });
}

TEST(LoadOptions, OnlyAPlainDoubleDashEndsTheWords) {
    expect_entry(u"kernel=a \"--\" --x module=b -- -- c", [](const BootEntry& entry,
                                                             const Remarks& remarks) {
        EXPECT_EQ(modules_of(entry), "\\b=");
        EXPECT_EQ(entry.command_line, "-- c");
        EXPECT_EQ(remarks.texts,
                  (std::vector<std::string>{"no setting 1:10 --", "no setting 1:15 --x"}));
    });
}

TEST(LoadOptions, OtherWordsAreIgnoredWithARemark) {
    expect_entry(
        u"B.EFI quiet kernel=a modul=b", [](const BootEntry& entry, const Remarks& remarks) {
            EXPECT_TRUE(entry.modules.empty());
            EXPECT_EQ(remarks.texts,
                      (std::vector<std::string>{"no setting 1:7 quiet", "no setting 1:22 modul"}));
        });
}

TEST(LoadOptions, KeysWithoutAKernelAreAnError) {
    for (const std::u16string_view text : {u"module=a", u"kaslr=on -- kernel=a", u"wx=allow"})
        expect_refused(text, Error(ErrorCode::load_options_without_kernel));
}

TEST(LoadOptions, ABadPathIsAnErrorWithItsPlace) {
    expect_refused(u"B.EFI kernel= -- a", Error(ErrorCode::boot_path_empty, {1, 7}));
    expect_refused(u"kernel=a module==b", Error(ErrorCode::boot_path_empty, {1, 10}));
    expect_refused(u"kernel=a module=../b", Error(ErrorCode::boot_path_goes_up, {1, 10}));
    expect_refused(u"kernel=\"a\nb\"", Error(ErrorCode::boot_path_bad_character, {1, 1, '\n'}));
    expect_refused(u"kernel=" + std::u16string(kMaxPathBytes + 1, u'a'),
                   Error(ErrorCode::boot_path_too_long, {1, 1, kMaxPathBytes + 1, kMaxPathBytes}));
}

TEST(LoadOptions, ABadSettingIsAnErrorWithItsPlace) {
    expect_refused(u"kernel=a kaslr=yes", bad_setting("kaslr on|off", 1, 10));
    expect_refused(u"kernel=a kaslr=", bad_setting("kaslr on|off", 1, 10));
    expect_refused(u"wx=on kernel=a", bad_setting("wx refuse|allow", 1, 1));
    expect_refused(u"debug=on kernel=a", bad_setting("debug wait|off", 1, 1));
    expect_refused(u"kernel=a after-fault=reset:",
                   bad_setting("after-fault stop|reset|reset:SECONDS|exit", 1, 10));
}

TEST(LoadOptions, APathOfAnotherProgramIsAnErrorThatSaysSo) {
    expect_refused(
        u"fs0:\\B.EFI kernel=FS1:\\k.elf",
        Error(ErrorCode::boot_path_with_device, {1, 12}).about("FS1: is the EFI shell's"));
    expect_refused(u"kernel=k module=C:/a=b",
                   Error(ErrorCode::boot_path_with_device, {1, 10}).about("C: is Windows'"));
}

TEST(LoadOptions, ASecondKernelIsAnErrorWithBothPlaces) {
    expect_refused(u"kernel=a kernel=b", Error(ErrorCode::boot_key_repeated, {1, 10, 1, 1}));
    expect_refused(u"kernel=a kaslr=on kaslr=on",
                   Error(ErrorCode::boot_key_repeated, {1, 19, 1, 10}));
    expect_refused(u"wx=allow kernel=a wx=refuse",
                   Error(ErrorCode::boot_key_repeated, {1, 19, 1, 1}));
    expect_refused(u"watchdog=1 kernel=a watchdog=1",
                   Error(ErrorCode::boot_key_repeated, {1, 21, 1, 1}));
    expect_refused(u"crash-record=on kernel=a crash-record=off",
                   Error(ErrorCode::boot_key_repeated, {1, 26, 1, 1}));
    expect_refused(u"after-fault=stop kernel=a after-fault=exit",
                   Error(ErrorCode::boot_key_repeated, {1, 27, 1, 1}));
}

TEST(LoadOptions, AnOpenQuoteIsAnErrorWithItsPlace) {
    expect_refused(u"kernel=\"a -- b", Error(ErrorCode::boot_quote_open, {1, 8}));
    expect_refused(u"kernel=\"a\" module=b=\"c", Error(ErrorCode::boot_quote_open, {1, 21}));
    expect_refused(u"kernel=\"a\"\"", Error(ErrorCode::boot_quote_open, {1, 8}));
}

TEST(LoadOptions, HaveALimit) {
    expect_no_entry(Buffer(kMaxLoadOptionsBytes));
    with_parsed(Buffer(kMaxLoadOptionsBytes + 1), [](const Outcome& result, const Remarks&) {
        expect_failure(result, Error(ErrorCode::load_options_too_long,
                                     {kMaxLoadOptionsBytes + 1, kMaxLoadOptionsBytes}));
    });
}

TEST(LoadOptions, ASmallArenaIsAnErrorAtEachStep) {
    const Buffer bytes = as_utf16(u"kernel=a module=b=c -- d");
    expect_memory_to_be_checked([&](Arena& arena) {
        Remarks remarks;
        return parse_load_options(bytes, arena, remarks);
    });
}

} // namespace
} // namespace baton::test

// SPDX-License-Identifier: BSD-2-Clause
#include "config/entry_file.hpp"

#include "config/parsing.hpp"
#include "config/path.hpp"
#include "support/errors.hpp"

#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

namespace baton::test {
namespace {

void with_parsed(std::string_view text,
                 const std::function<void(const Result<BootEntry>&, const Remarks&)>& check) {
    HeapArena arena;
    Remarks remarks;
    check(parse_entry("os-1.conf", text, arena, remarks), remarks);
}

void expect_entry(std::string_view text,
                  const std::function<void(const BootEntry&, const Remarks&)>& check) {
    with_parsed(text, [&](const Result<BootEntry>& result, const Remarks& remarks) {
        ASSERT_EQ(outcome(result), "good");
        check(*result, remarks);
    });
}

void expect_refused(std::string_view text, const Error& error) {
    with_parsed(text, [&](const Result<BootEntry>& result, const Remarks&) {
        expect_failure(result, error);
    });
}

TEST(EntryFile, AllThatAnEntryCanSay) {
    expect_entry("# an entry\r\n"
                 "title        My OS (test)\r\n"
                 "version      6.1-2\r\n"
                 "machine-id   4098b3f648d74c13b1f04ccfba7798e8\r\n"
                 "sort-key     myos\r\n"
                 "architecture X64\r\n"
                 "kernel       /os/my kernel.elf\r\n"
                 "initrd       os/initrd one.img\r\n"
                 "module       /os/symbols  a string  as it stands \r\n"
                 "module       \"/os/with blanks\" \"quoted\"\r\n"
                 "options      root=a\r\n"
                 "options      quiet  loud\r\n"
                 "kaslr        on\r\n"
                 "wx           refuse\n"
                 "after-fault  reset:5\n"
                 "watchdog     30\n"
                 "crash-record   off\n"
                 "debug        wait\n"
                 "log          screen",
                 [](const BootEntry& entry, const Remarks& remarks) {
                     EXPECT_EQ(entry.file_name, "os-1.conf");
                     EXPECT_EQ(entry.id, "os-1");
                     EXPECT_EQ(entry.title, "My OS (test)");
                     EXPECT_EQ(entry.version, "6.1-2");
                     EXPECT_EQ(entry.machine_id, "4098b3f648d74c13b1f04ccfba7798e8");
                     EXPECT_EQ(entry.sort_key, "myos");
                     EXPECT_EQ(entry.kernel, "\\os\\my kernel.elf");
                     EXPECT_EQ(modules_of(entry), "\\os\\initrd one.img=|"
                                                  "\\os\\symbols=a string  as it stands|"
                                                  "\\os\\with blanks=\"quoted\"");
                     EXPECT_EQ(entry.command_line, "root=a quiet  loud");
                     EXPECT_EQ(entry.kaslr, Switch::on);
                     EXPECT_EQ(entry.after_fault, (AfterFault{AfterFault::Action::reset, 5}));
                     EXPECT_EQ(entry.watchdog, 30u);
                     EXPECT_EQ(entry.crash_record, Switch::off);
                     EXPECT_EQ(entry.debug, Debug::wait);
                     EXPECT_EQ(entry.log, LogTo::screen);
                     EXPECT_EQ(entry.write_execute, WriteExecute::refuse);
                     EXPECT_TRUE(remarks.texts.empty());
                 });
}

TEST(EntryFile, AKernelIsAllThatAnEntryNeeds) {
    expect_entry("kernel a", [](const BootEntry& entry, const Remarks&) {
        EXPECT_EQ(entry.kernel, "\\a");
        EXPECT_EQ(entry.title, "");
        EXPECT_EQ(entry.sort_key, "");
        EXPECT_TRUE(entry.modules.empty());
        EXPECT_EQ(entry.command_line, "");
        EXPECT_EQ(entry.kaslr, Switch::unset);
        EXPECT_EQ(entry.after_fault, AfterFault{});
        EXPECT_FALSE(entry.watchdog);
        EXPECT_EQ(entry.crash_record, Switch::unset);
        EXPECT_EQ(entry.write_execute, WriteExecute::unset);
        EXPECT_FALSE(entry.is_bad());
    });
}

TEST(EntryFile, AKernelsPathMayStandInQuotes) {
    expect_entry("kernel \"/my os/k\"\ninitrd \"a  b\"\n",
                 [](const BootEntry& entry, const Remarks&) {
                     EXPECT_EQ(entry.kernel, "\\my os\\k");
                     EXPECT_EQ(modules_of(entry), "\\a  b=");
                 });
}

TEST(EntryFile, OptionsAreJoinedByOneSpace) {
    expect_entry(
        "options  a\noptions\noptions b  c  \nkernel k\noptions d",
        [](const BootEntry& entry, const Remarks&) { EXPECT_EQ(entry.command_line, "a b  c d"); });
}

TEST(EntryFile, UnknownKeysAreIgnoredWithARemark) {
    expect_entry("kernel k\n\n  colour blue\ndevicetree a.dtb\nKernel j\n",
                 [](const BootEntry& entry, const Remarks& remarks) {
                     EXPECT_EQ(entry.kernel, "\\k");
                     EXPECT_EQ(remarks.texts, (std::vector<std::string>{"no setting 3:3 colour",
                                                                        "unused 4:1 devicetree",
                                                                        "no setting 5:1 Kernel"}));
                 });
}

TEST(EntryFile, OfARepeatedDescriptionTheLastOneCounts) {
    expect_entry("title a\nkernel k\ntitle b\nversion 1\nversion 2\n", [](const BootEntry& entry,
                                                                          const Remarks& remarks) {
        EXPECT_EQ(entry.title, "b");
        EXPECT_EQ(entry.version, "2");
        EXPECT_EQ(remarks.texts,
                  (std::vector<std::string>{"replaced 1:1 title", "replaced 4:1 version"}));
    });
}

TEST(EntryFile, ARepeatedKernelOrSettingIsAnError) {
    expect_refused("kernel a\n kernel b\n", Error(ErrorCode::boot_key_repeated, {2, 2, 1, 1}));
    expect_refused("kaslr on\nkernel a\nkaslr on\n",
                   Error(ErrorCode::boot_key_repeated, {3, 1, 1, 1}));
    expect_refused("wx allow\nwx refuse\nkernel a\n",
                   Error(ErrorCode::boot_key_repeated, {2, 1, 1, 1}));
    expect_refused("watchdog 1\nkernel a\nwatchdog 2\n",
                   Error(ErrorCode::boot_key_repeated, {3, 1, 1, 1}));
    expect_refused("crash-record on\nkernel a\ncrash-record on\n",
                   Error(ErrorCode::boot_key_repeated, {3, 1, 1, 1}));
    expect_refused("after-fault stop\nkernel a\nafter-fault stop\n",
                   Error(ErrorCode::boot_key_repeated, {3, 1, 1, 1}));
}

TEST(EntryFile, ALinuxOrEfiEntryIsForOthers) {
    for (const std::string_view key : {"linux", "efi", "uki", "uki-url"}) {
        const std::string text = "title a\n" + std::string(key) + " /vmlinuz\noptions b\n";
        expect_refused(text, Error(ErrorCode::boot_entry_other_loader, {2}));
    }
    EXPECT_TRUE(is_entry_for_others(Error(ErrorCode::boot_entry_other_loader)));
}

TEST(EntryFile, AnEntryMayNameKernelsForBaton) {
    expect_entry("linux /vmlinuz\nkernel /k\n", [](const BootEntry& entry, const Remarks& remarks) {
        EXPECT_EQ(entry.kernel, "\\k");
        EXPECT_EQ(remarks.texts, std::vector<std::string>{"unused 1:1 linux"});
    });
}

TEST(EntryFile, AnotherArchitectureIsForOthers) {
    for (const std::string_view architecture : {"aa64", "IA32", "x64 aa64", "x86_64"})
        expect_refused("kernel k\nkernel twice\narchitecture " + std::string(architecture),
                       Error(ErrorCode::boot_entry_other_architecture, {3}));
    EXPECT_TRUE(is_entry_for_others(Error(ErrorCode::boot_entry_other_architecture)));
}

TEST(EntryFile, ThisArchitectureMayBeNamedInAnyCase) {
    for (const std::string_view architecture : {"x64", "X64", ""})
        expect_entry("kernel k\narchitecture " + std::string(architecture),
                     [](const BootEntry&, const Remarks&) {});
}

TEST(EntryFile, WithoutAKernelIsAnError) {
    expect_refused("title a\n\nversion 1\n\n", Error(ErrorCode::boot_entry_without_kernel, {3}));
    expect_refused("", Error(ErrorCode::boot_entry_without_kernel, {0}));
    EXPECT_FALSE(is_entry_for_others(Error(ErrorCode::boot_entry_without_kernel)));
}

TEST(EntryFile, ABadPathIsAnErrorWithItsPlace) {
    expect_refused("kernel\n", Error(ErrorCode::boot_path_empty, {1, 7}));
    expect_refused("kernel k\nmodule  \n", Error(ErrorCode::boot_path_empty, {2, 9}));
    expect_refused("kernel k\nmodule \"\" a\n", Error(ErrorCode::boot_path_empty, {2, 8}));
    expect_refused("kernel  ../k\n", Error(ErrorCode::boot_path_goes_up, {1, 9}));
    expect_refused("kernel k\ninitrd a\tb\n",
                   Error(ErrorCode::boot_path_bad_character, {2, 8, '\t'}));
    expect_refused(
        "kernel " + std::string(kMaxConfigLineBytes - 7, 'k'),
        Error(ErrorCode::boot_path_too_long, {1, 8, kMaxConfigLineBytes - 7, kMaxPathBytes}));
}

TEST(EntryFile, BadQuotesAreAnErrorWithTheirPlace) {
    expect_refused("kernel \"a b\n", Error(ErrorCode::boot_quote_open, {1, 8}));
    expect_refused("kernel \"a b\" c\n", Error(ErrorCode::boot_quote_followed, {1, 14}));
    expect_refused("kernel k\nmodule a\"b c\n", Error(ErrorCode::boot_quote_open, {2, 9}));
}

TEST(EntryFile, ABadSettingIsAnErrorWithItsPlace) {
    expect_refused("kernel k\nkaslr true\n", bad_setting("kaslr on|off", 2, 7));
    expect_refused("kernel k\nwx\n", bad_setting("wx refuse|allow", 2, 3));
    expect_refused("after-fault reset 0\nkernel k\n",
                   Error(ErrorCode::boot_setting_unknown, {1, 13})
                       .about("after-fault stop|reset|reset:SECONDS|exit"));
}

TEST(EntryFile, APathOfAnotherProgramIsAnErrorThatSaysSo) {
    const auto error = [](uint64_t line, uint64_t column, std::string_view about) {
        return Error(ErrorCode::boot_path_with_device, {line, column}).about(about);
    };
    expect_refused("kernel fs0:\\k.elf\n", error(1, 8, "fs0: is the EFI shell's"));
    expect_refused("kernel k\nmodule \"(hd0,gpt1)/a b\" c\n", error(2, 8, "(hd0,gpt1) is GRUB's"));
    expect_refused("kernel k\ninitrd boot():/a\n", error(2, 8, "boot(): is Limine's"));
}

TEST(EntryFile, TextThatIsNotPlainIsAnError) {
    using namespace std::string_view_literals;
    expect_refused("kernel k\nti\0tle"sv, Error(ErrorCode::boot_text_not_plain, {2, 3, 0}));
    expect_refused(
        std::string(kMaxConfigLineBytes + 1, '#'),
        Error(ErrorCode::boot_line_too_long, {1, kMaxConfigLineBytes + 1, kMaxConfigLineBytes}));
}

TEST(EntryFile, ASmallArenaIsAnErrorAtEachStep) {
    expect_memory_to_be_checked([](Arena& arena) {
        Remarks remarks;
        return parse_entry("a.conf", "kernel \"a b\"\nmodule c d\noptions e\n", arena, remarks);
    });
}

TEST(EntryName, OnlyConfFilesThatAreNotHiddenAreEntries) {
    EXPECT_TRUE(is_entry_file_name("a.conf"));
    EXPECT_TRUE(is_entry_file_name("A.CONF"));
    for (const std::string_view name :
         {"", ".conf", ".a.conf", "._a.conf", "a.conf~", "a", "aconf"})
        EXPECT_FALSE(is_entry_file_name(name)) << name;
}

TEST(EntryName, TheIdIsTheNameWithoutSuffixAndTries) {
    const EntryName plain = parse_entry_name("os-6.1+3x.conf");
    EXPECT_EQ(plain.id, "os-6.1+3x");
    EXPECT_FALSE(plain.tries);
    const EntryName counted = parse_entry_name("os-6.1+3.conf");
    EXPECT_EQ(counted.id, "os-6.1");
    EXPECT_EQ(counted.tries, (BootTries{.left = 3, .done = 0}));
    const EntryName tried = parse_entry_name("os+6+0-12.CONF");
    EXPECT_EQ(tried.id, "os+6");
    EXPECT_EQ(tried.tries, (BootTries{.left = 0, .done = 12}));
}

TEST(EntryName, WhatIsNoCounterBelongsToTheId) {
    for (const std::string_view stem : {"a+", "a+-1", "a+1-", "a+1-2-3", "a+ 1", "a++-1", "+1",
                                        "a+4294967296", "a+1-99999999999", "a-1"}) {
        const std::string name = std::string(stem) + ".conf";
        const EntryName parsed = parse_entry_name(name);
        EXPECT_EQ(parsed.id, stem);
        EXPECT_FALSE(parsed.tries) << stem;
    }
}

TEST(EntryName, AnEntryHasItsTries) {
    HeapArena arena;
    Remarks remarks;
    const auto entry = parse_entry("os+0-3.conf", "kernel k", arena, remarks);
    ASSERT_EQ(outcome(entry), "good");
    EXPECT_EQ(entry->id, "os");
    EXPECT_EQ(entry->file_name, "os+0-3.conf");
    EXPECT_TRUE(entry->is_bad());
}

} // namespace
} // namespace baton::test

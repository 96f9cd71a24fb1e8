// SPDX-License-Identifier: BSD-2-Clause
#include "config/limine_conf.hpp"

#include "config/parsing.hpp"

#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

namespace baton::test {
namespace {

class LimineConfTest : public testing::Test {
  protected:
    Result<void> open(std::string_view text, std::string_view path = "\\limine.conf") {
        text_ = text;
        conf_ = {};
        remarks_.texts.clear();
        return conf_.open({.text = text_, .path = path, .partition = 2}, arena_, remarks_);
    }
    /// The titles in the order in which they are tried.
    std::vector<std::string> titles(std::string_view text) {
        EXPECT_EQ(outcome(open(text)), "good");
        std::vector<std::string> found;
        for (LimineEntry entry; conf_.next(entry);)
            found.emplace_back(entry.title);
        return found;
    }
    /// The first entry to try.
    Result<BootEntry> first(std::string_view text, std::string_view path = "\\limine.conf") {
        EXPECT_EQ(outcome(open(text, path)), "good");
        LimineEntry entry;
        if (!conf_.next(entry))
            return fail(ErrorCode::file_empty);
        return conf_.parse(entry, arena_, remarks_);
    }
    std::string kernel_of(const std::string& path) {
        const auto entry = first("/A\npath: " + path + "\n");
        return std::string(entry ? entry->kernel : describe(entry.error().code).name);
    }

    HeapArena arena_;
    Remarks remarks_;
    LimineConf conf_;

  private:
    std::string text_;
};

using Titles = std::vector<std::string>;

TEST_F(LimineConfTest, AnEntryHasAllThatABootEntryHas) {
    const auto entry = first("# a comment\n"
                             "timeout: 3\n"
                             "\n"
                             "/My OS\n"
                             "    comment: a text\n"
                             "    protocol: limine\n"
                             "    kernel_path: boot():/boot/kernel.elf\n"
                             "    kernel_cmdline: verbose  root=a:b\n"
                             "    kaslr: no\n"
                             "    module_path: boot():/boot/a.img\n"
                             "    module_cmdline: first #1\n"
                             "    module_path: boot():/boot/b.img\n"
                             "    MODULE_PATH:boot():/c.img\n"
                             "    module_string: third\n"
                             "/Another\n"
                             "    cmdline: another\n");
    ASSERT_EQ(outcome(entry), "good");
    EXPECT_EQ(entry->title, "My OS");
    EXPECT_EQ(entry->file_name, "\\limine.conf");
    EXPECT_EQ(entry->protocol, KernelProtocol::limine);
    EXPECT_EQ(entry->kernel, "\\boot\\kernel.elf");
    EXPECT_EQ(entry->command_line, "verbose  root=a:b");
    EXPECT_EQ(entry->kaslr, Switch::off);
    EXPECT_EQ(modules_of(*entry), "\\boot\\a.img=first #1|\\boot\\b.img=|\\c.img=third");
    for (const BootModule& module : entry->modules)
        EXPECT_TRUE(module.is_verbatim); // Limine decompresses none of that name
    EXPECT_EQ(remarks_.texts, Titles{"unused 2:1 timeout"});
}

TEST_F(LimineConfTest, TheSyntaxBeforeVersion8IsRead) {
    const auto entry = first("TIMEOUT=0\r\n:+Systems\r\n::Old\r\nPROTOCOL=multiboot1\r\n"
                             "KERNEL_PATH=boot:///kernel\r\nCMDLINE=a=b c: d\r\n"
                             "MODULE_PATH=boot://2/m\r\nMODULE_STRING= x\r\nKASLR=yes\r\n"
                             "/ no title\r\n",
                             "\\boot\\limine.cfg");
    ASSERT_EQ(outcome(entry), "good");
    EXPECT_EQ(entry->title, "Old");
    EXPECT_EQ(entry->protocol, KernelProtocol::multiboot);
    EXPECT_EQ(entry->kernel, "\\kernel");
    EXPECT_EQ(entry->command_line, "a=b c: d");
    EXPECT_EQ(entry->kaslr, Switch::on);
    EXPECT_EQ(modules_of(*entry), "\\m=x");
    EXPECT_EQ(remarks_.texts, (Titles{"unused 1:1 TIMEOUT", "unknown 10:1 / no title"}));
    for (const std::string path : {"boot://1/k", "boot():/k"})
        EXPECT_TRUE(failed_with(first(":A\nKERNEL_PATH=" + path, "\\limine.cfg"),
                                ErrorCode::boot_path_with_device))
            << path;
}

TEST_F(LimineConfTest, WhatIsNotSaidIsUnset) {
    const auto entry = first("/A\npath: boot():/k");
    ASSERT_EQ(outcome(entry), "good");
    EXPECT_EQ(entry->protocol, KernelProtocol::unset);
    EXPECT_EQ(entry->kaslr, Switch::unset);
    EXPECT_EQ(entry->command_line, "");
    EXPECT_TRUE(entry->modules.empty());
    EXPECT_TRUE(remarks_.texts.empty());
}

TEST_F(LimineConfTest, EachProtocolOfBatonIsKnown) {
    using enum KernelProtocol;
    for (const auto& [name, wanted] : {std::pair("limine", limine),
                                       {"multiboot2", multiboot2},
                                       {"multiboot", multiboot},
                                       {"multiboot1", multiboot},
                                       {"pvh", pvh},
                                       {"baton", KernelProtocol::baton}}) {
        const auto entry = first("/A\npath: boot():/k\nprotocol: " + std::string(name));
        ASSERT_EQ(outcome(entry), "good") << name;
        EXPECT_EQ(entry->protocol, wanted) << name;
    }
}

TEST_F(LimineConfTest, EntriesOfOtherKindsAreSkippedByName) {
    for (const std::string name :
         {"linux", "efi", "efi_chainload", "bios", "chainload_next", "stivale2", "Limine"})
        expect_failure(first("/A\npath: boot():/k#0123\nprotocol: " + name + "\n"),
                       Error(ErrorCode::boot_entry_other_protocol, {3}).about(name));
    for (const std::string line :
         {"if_arch: aarch64 riscv64", "IF_LOADER_ARCH: ia-32", "if_fw_type: BIOS", "if_arch: x86"})
        expect_failure(first("/A\npath: boot():/k\n" + line + "\n"),
                       Error(ErrorCode::boot_entry_other_architecture, {3})
                           .about(line.substr(line.find(' ') + 1)));
    EXPECT_EQ(outcome(first("/A\npath: boot():/k\nif_arch: ia-32 x86-64\nif_fw_type: uefi\n")),
              "good");
}

TEST_F(LimineConfTest, AnEntryWithoutAKernelIsNone) {
    expect_failure(first("timeout: 1\n/A\nprotocol: limine\n/B\npath: boot():/k\n"),
                   Error(ErrorCode::boot_entry_without_kernel, {2}));
}

TEST_F(LimineConfTest, APathIsOnTheBootVolume) {
    EXPECT_EQ(kernel_of("boot():/boot/./k.elf"), "\\boot\\k.elf");
    EXPECT_EQ(kernel_of("boot(2):/k"), "\\k");
    EXPECT_EQ(kernel_of("/k"), "\\k");
    for (const auto& [path, about] :
         {std::pair("boot(1):/k", "boot(1): is Limine's"),
          {"boot(02x):/k", "boot(02x): is Limine's"},
          {"hdd(1:1):/k", "hdd(1:1): is Limine's"},
          {"odd(1:):/k", "odd(1:): is Limine's"},
          {"guid(736b5698-5ae1):/k", "guid(736b5698-5ae1): is Limine's"},
          {"fslabel(ESP):/k", "fslabel(ESP): is Limine's"},
          {"tftp():/k", "tftp(): is Limine's"},
          {"boot:///k", "boot:// is Limine's"}})
        expect_failure(first("/A\n  path:  " + std::string(path)),
                       Error(ErrorCode::boot_path_with_device, {2, 10}).about(about));
    EXPECT_EQ(kernel_of("boot():/../k"), "boot_path_goes_up");
    EXPECT_EQ(kernel_of("boot():/"), "boot_path_empty");
    EXPECT_EQ(kernel_of("boot("), "\\boot("); // a name as good as any
}

TEST_F(LimineConfTest, APathWithAHashIsRefused) {
    const std::string hash(128, 'a');
    expect_failure(first("/A\npath: boot():/k#" + hash),
                   Error(ErrorCode::boot_path_with_hash, {2, 7}));
    expect_failure(first("/A\npath: boot():/k\nmodule_path: boot():/m#" + hash),
                   Error(ErrorCode::boot_path_with_hash, {3, 14}));
}

TEST_F(LimineConfTest, APathOfAGzipFileIsRefused) {
    expect_failure(first("/A\npath: $boot():/k.gz#0123"),
                   Error(ErrorCode::boot_path_with_gzip, {2, 7}));
    expect_failure(first(":A\nKERNEL_PATH=boot:///k\nMODULE_PATH=$boot:///m\n", "\\limine.cfg"),
                   Error(ErrorCode::boot_path_with_gzip, {3, 13}));
}

TEST_F(LimineConfTest, DirectoriesAreNoEntries) {
    EXPECT_EQ(titles("/A\n/+Dir\n comment: x\n //B\n //Sub\n ///C\n/D\n//E"),
              (Titles{"A", "B", "C", "E"}));
    EXPECT_EQ(titles("/Dir\n////B\n"), Titles{"B"});
    EXPECT_EQ(titles("# nothing\ntimeout: 3\n"), Titles{});
}

TEST_F(LimineConfTest, TheDefaultEntryComesFirst) {
    const std::string entries = "/A\n/Collapsed\n//B\n/+Expanded\n//C\n//D\n/E\n";
    for (const auto& [entry, wanted] : {std::pair("1", Titles{"A", "B", "C", "D", "E"}),
                                        {"0", Titles{"A", "B", "C", "D", "E"}},
                                        {"2", Titles{"B", "A", "C", "D", "E"}},
                                        {"4", Titles{"C", "A", "B", "D", "E"}},
                                        {"6", Titles{"E", "A", "B", "C", "D"}},
                                        {"7", Titles{"A", "B", "C", "D", "E"}},
                                        {"99999999999", Titles{"A", "B", "C", "D", "E"}},
                                        {"Collapsed/B", Titles{"B", "A", "C", "D", "E"}},
                                        {"Expanded/D", Titles{"D", "A", "B", "C", "E"}},
                                        {"Expanded", Titles{"C", "A", "B", "D", "E"}},
                                        {"D", Titles{"A", "B", "C", "D", "E"}},
                                        {"Collapsed/E", Titles{"A", "B", "C", "D", "E"}},
                                        {"x", Titles{"A", "B", "C", "D", "E"}}}) {
        EXPECT_EQ(titles("default_entry: " + std::string(entry) + "\n" + entries), wanted) << entry;
        EXPECT_EQ(titles(entries + "default_entry: " + entry), wanted) << entry;
    }
}

TEST_F(LimineConfTest, ADefaultEntryIsFoundByItsPath) {
    const std::string entries = "/A\n/C\n//D\n/+A\n//B\n/C\n//D\n///E\n//F\n///G\n";
    for (const auto& [entry, wanted] : {std::pair("A", "A"),
                                        {"C", "D"},
                                        {"C/D", "D"},
                                        {"C/F", "A"}, // not in the first C
                                        {"A/B", "A"}, // that A is no directory
                                        {"D", "A"},
                                        {"C/", "D"},
                                        {"/", "A"}})
        EXPECT_EQ(titles("default_entry: " + std::string(entry) + "\n" + entries).front(), wanted)
            << entry;
    EXPECT_EQ(titles("default_entry: B/C/D\n/A\n/B\n//D\n//C\n///B\n///D\n/E\n"),
              (Titles{"D", "A", "D", "B", "E"}));
}

TEST_F(LimineConfTest, OfWhatComesAgainTheFirstCounts) {
    const auto entry =
        first("default_entry: 2\ndefault_entry: 1\n/A\n/B\npath: boot():/1\n"
              "kernel_path: boot():/2\ncmdline: 1\nkernel_cmdline: 2\n"
              "kaslr: yes\nkaslr: no\nmodule_string: none\nmodule_path: boot():/m\n"
              "module_string: 1\nmodule_cmdline: 2\nprotocol: pvh\nprotocol: linux\n");
    ASSERT_EQ(outcome(entry), "good");
    EXPECT_EQ(entry->title, "B");
    EXPECT_EQ(entry->kernel, "\\1");
    EXPECT_EQ(entry->command_line, "1");
    EXPECT_EQ(entry->kaslr, Switch::on);
    EXPECT_EQ(entry->protocol, KernelProtocol::pvh);
    EXPECT_EQ(modules_of(*entry), "\\m=1");
    EXPECT_EQ(remarks_.texts, (Titles{"repeated 6:1 kernel_path", "repeated 8:1 kernel_cmdline",
                                      "repeated 10:1 kaslr", "repeated 14:1 module_cmdline",
                                      "repeated 16:1 protocol"}));
}

TEST_F(LimineConfTest, UnknownKeysAreRemarkedOn) {
    const auto entry = first("/A\n  resolution: 800x600\npath: boot():/k\nno key at all\n");
    ASSERT_EQ(outcome(entry), "good");
    EXPECT_EQ(remarks_.texts, (Titles{"unknown 2:3 resolution", "unknown 4:1 no key at all"}));
}

TEST_F(LimineConfTest, MacrosStandForTheirTexts) {
    const auto entry = first("${DIR}=boot():/os\n/A ${ARCH}\n  path: ${DIR}/kernel-${ARCH}.elf\n"
                             "cmdline: ${FW_TYPE} ${X} ${ no${Y}. ${absent}$ ${LOOP}\n"
                             "  ${X}=1 \n${X}=2\n${Y}=\n${LOOP}=${LOOP}${LOOP}\n");
    ASSERT_EQ(outcome(entry), "good");
    EXPECT_EQ(entry->title, "A x86-64");
    EXPECT_EQ(entry->kernel, "\\os\\kernel-x86-64.elf");
    // "${ no${Y}" is one macro, with an odd name.
    EXPECT_EQ(entry->command_line, "UEFI 2 . $ ${LOOP}${LOOP}");
    EXPECT_EQ(remarks_.texts, (Titles{"unknown 4:1  no${Y", "unknown 4:1 absent"}));
}

TEST_F(LimineConfTest, MacrosThatGrowTooMuchAreRefused) {
    const std::string macro = "${A}=" + std::string(1000, 'x') + "\n/A\ncmdline: ";
    std::string uses;
    for (int i = 0; i < 3; ++i)
        uses += "${A}";
    EXPECT_EQ(outcome(open(macro + uses)), "good");
    EXPECT_TRUE(failed_with(open(macro + uses + uses), ErrorCode::boot_text_too_long));
    std::string many;
    for (std::size_t i = 0; i < kMostLimineMacros; ++i)
        many += "${A}\n";
    EXPECT_EQ(outcome(open("${A}=\n" + many)), "good");
    EXPECT_TRUE(failed_with(open("${A}=\n" + many + "${A}"), ErrorCode::boot_text_too_long));
}

TEST_F(LimineConfTest, AByteOrderMarkCountsAsNothing) {
    const auto entry = first("\xef\xbb\xbf/A\n\tpath:\tboot():/k\t\n");
    ASSERT_EQ(outcome(entry), "good");
    EXPECT_EQ(entry->kernel, "\\k");
}

TEST_F(LimineConfTest, TextThatIsNotPlainIsRefused) {
    using namespace std::literals;
    EXPECT_TRUE(failed_with(open("/A\npath: boot():/k\0\n"sv), ErrorCode::boot_text_not_plain));
    EXPECT_TRUE(
        failed_with(open(std::string(kMaxConfigBytes + 1, '/')), ErrorCode::boot_text_too_long));
    EXPECT_TRUE(failed_with(open(std::string(kMaxConfigLineBytes + 1, '/')),
                            ErrorCode::boot_line_too_long));
    EXPECT_EQ(outcome(open("")), "good");
    EXPECT_EQ(titles(std::string(kMaxConfigLineBytes, '/')), Titles{""});
}

TEST_F(LimineConfTest, ManyEntriesTakeTimeInProportion) {
    std::string text;
    for (int i = 0; i < 10'000; ++i)
        text += std::string(1 + static_cast<unsigned>(i) % 3, '/') + std::to_string(i) + "\nx: ${" +
                "\n";
    EXPECT_GT(titles(text).size(), 3000u);
    std::string deep;
    for (unsigned i = 1; i < 1000; ++i)
        deep += std::string(i, '/') + "x\n";
    EXPECT_EQ(titles(deep), Titles{"x"});
}

TEST_F(LimineConfTest, MemoryIsChecked) {
    constexpr std::string_view kText = "/A\npath: boot():/k\nmodule_path: boot():/m\n";
    expect_memory_to_be_checked([&](Arena& arena) -> Result<BootEntry> {
        LimineConf conf;
        TRY(conf.open({.text = kText, .path = "\\limine.conf"}, arena, remarks_));
        LimineEntry entry;
        EXPECT_TRUE(conf.next(entry));
        return conf.parse(entry, arena, remarks_);
    });
}

} // namespace
} // namespace baton::test

// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/loader_log.hpp"

#include <gtest/gtest.h>

namespace baton::tool {
namespace {

constexpr std::string_view kStarted =
    "[   1546 us] Baton 0.1.0, stage 1 for UEFI, at 0xde54000\r\n";
constexpr std::string_view kError = "error: entry_not_executable: \\baton\\kernel.elf: the entry "
                                    "point lies elsewhere (e_entry 0x1)";

LoaderLog read(std::initializer_list<std::string_view> parts, bool has_entry = true) {
    LoaderLog log(has_entry);
    for (const std::string_view part : parts)
        log.take(part);
    log.end();
    return log;
}

TEST(LoaderLog, AnErrorIsARefusalOnceTheLoaderGoesBackToTheFirmware) {
    const LoaderLog waiting = read({kStarted, kError, "\r\n"});
    EXPECT_FALSE(waiting.refusal());
    EXPECT_EQ(waiting.error(), kError);
    const LoaderLog over =
        read({kStarted, kError, "\r\nback to the firmware: press a key, or wait 3 seconds\r\n"});
    ASSERT_TRUE(over.refusal());
    EXPECT_EQ(over.refusal()->error, kError);
}

TEST(LoaderLog, AMachineThatStopsIsARefusal) {
    const LoaderLog log = read({kError, "\r\nnothing was booted: the machine stops\r\n"}, false);
    ASSERT_TRUE(log.refusal());
    EXPECT_EQ(log.refusal()->error, kError);
}

TEST(LoaderLog, AnExceptionOfStage1IsARefusal) {
    const LoaderLog log = read({"error: stage1_exception: an exception (vector 0x2)\r\n"}, false);
    EXPECT_TRUE(log.refusal());
}

TEST(LoaderLog, LinesAreReadWhereverTheyAreCutAndHoweverTheyArePainted) {
    const std::string text = std::string(kStarted) + "\x1b[0m\x1b[37m\x1b[40m" +
                             std::string(kError) +
                             "\r\n\x1b[01;01Hback to the firmware: press a key\r\n";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        const LoaderLog log = read({text.substr(0, cut), text.substr(cut)});
        ASSERT_TRUE(log.refusal()) << cut;
        EXPECT_EQ(log.refusal()->error, kError) << cut;
    }
}

TEST(LoaderLog, ARefusedEntryIsARefusalBeforeAnotherIsBooted) {
    for (const std::string_view error :
         {"error: boot_line_too_long: a line is longer than 4096 bytes (line 3)",
          "error: out_of_memory: no memory (bytes 0x1000)"}) {
        const std::string line = "[    999 us] baton.conf: " + std::string(error) + "\r\n";
        const LoaderLog log = read({kStarted, line});
        ASSERT_TRUE(log.refusal()) << error;
        EXPECT_EQ(log.refusal()->error, error);
        EXPECT_TRUE(log.refusal()->sentence.contains("baton.conf"));
    }
    EXPECT_TRUE(read({kStarted, "[    1 us] baton.conf: skipped: it is for another machine\r\n"})
                    .refusal());
}

TEST(LoaderLog, ABootWithoutTheEntryIsARefusal) {
    EXPECT_TRUE(read({kStarted, "[  1 us] booting \\baton\\kernel.elf\r\n"}).refusal());
    EXPECT_FALSE(
        read({kStarted, "[  1 us] booting \\baton\\kernel.elf of baton.conf\r\n"}).refusal());
    EXPECT_FALSE(read({kStarted, "[  1 us] booting \\baton\\kernel.elf\r\n"}, false).refusal());
}

TEST(LoaderLog, TheFirmwaresShellIsARefusal) {
    const std::string_view shell =
        "BdsDxe: starting Boot0002 \"EFI Internal Shell\" from Fv(7CB8BDC9)\r\n";
    EXPECT_FALSE(read({"BdsDxe: failed to load Boot0001 \"UEFI PXEv4\": Not Found\r\n"}).refusal());
    EXPECT_EQ(read({shell}).refusal()->sentence, "the firmware could not start the loader");
    EXPECT_NE(read({kStarted, shell}).refusal()->sentence,
              "the firmware could not start the loader");
}

TEST(LoaderLog, WhatTheKernelWritesIsNoRefusal) {
    const std::string_view booting = "[  1 us] booting \\baton\\kernel.elf of baton.conf\r\n";
    const std::string_view entered =
        "[  2 us] firmware left; entering the kernel at 0xffffffff80000000\r\n";
    for (const std::string_view line :
         {"[    5 us] booting the scheduler\r\n",
          "[    5 us] net.conf: error: out_of_memory: x\r\n",
          "error: file_not_found: /etc/passwd\r\n", "error: no such file\r\n"}) {
        EXPECT_FALSE(read({kStarted, booting, line}).refusal()) << line; // with a log in memory
        EXPECT_FALSE(read({kStarted, booting, entered, line}).refusal()) << line;
    }
    EXPECT_FALSE(read({kStarted, booting, entered, kError, "\nback to the firmware: press a key\n"})
                     .refusal());
}

TEST(LoaderLog, ALineWithoutAnEndIsNotKept) {
    LoaderLog log(true);
    const std::string part(1 << 20, 'x');
    for (int i = 0; i < 100; ++i)
        log.take(part);
    log.take(std::string("\n") + std::string(kError) + "\nback to the firmware: press a key\n");
    EXPECT_TRUE(log.refusal());
}

} // namespace
} // namespace baton::tool

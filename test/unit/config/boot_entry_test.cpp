// SPDX-License-Identifier: BSD-2-Clause
//
// The values of settings.
#include "config/boot_entry.hpp"

#include <gtest/gtest.h>
#include <string_view>

namespace baton::test {
namespace {

constexpr AfterFault reset_in(uint32_t seconds) {
    return {AfterFault::Action::reset, seconds};
}

TEST(AfterFault, IsStopResetOrExit) {
    EXPECT_EQ(parse_after_fault("stop"), AfterFault{AfterFault::Action::stop});
    EXPECT_EQ(parse_after_fault("exit"), AfterFault{AfterFault::Action::exit});
    EXPECT_EQ(parse_after_fault("reset"), reset_in(kResetSeconds));
}

TEST(AfterFault, AResetMayTellItsSecondsUpToADay) {
    EXPECT_EQ(parse_after_fault("reset:0"), reset_in(0));
    EXPECT_EQ(parse_after_fault("reset:007"), reset_in(7));
    EXPECT_EQ(parse_after_fault("reset:86400"), reset_in(86400));
}

TEST(AfterFault, AnythingElseIsNoSetting) {
    for (const std::string_view value :
         {"", "Stop", "stop ", "halt", "exit:1", "reset:", "reset:-1", "reset:1s", "reset: 1",
          "reset 1", "reset:86401", "reset:4294967297", "reset:18446744073709551617"})
        EXPECT_FALSE(parse_after_fault(value)) << value;
}

TEST(Watchdog, IsOffOrSecondsUpToAnHour) {
    EXPECT_EQ(parse_watchdog("off"), 0u);
    EXPECT_EQ(parse_watchdog("1"), 1u);
    EXPECT_EQ(parse_watchdog("3600"), 3600u);
    for (const std::string_view value : {"", "on", "0", "3601", "4294967297", "-1", "1 s", "Off"})
        EXPECT_FALSE(parse_watchdog(value)) << value;
}

TEST(SetSetting, SetsTheOneThatIsNamedIfItHasTheValue) {
    BootEntry entry;
    EXPECT_TRUE(set_setting(entry, "kaslr", "off"));
    EXPECT_TRUE(set_setting(entry, "wx", "refuse"));
    EXPECT_TRUE(set_setting(entry, "after-fault", "reset:3"));
    EXPECT_TRUE(set_setting(entry, "watchdog", "20"));
    EXPECT_EQ(entry.watchdog, 20u);
    EXPECT_FALSE(set_setting(entry, "watchdog", "on"));
    EXPECT_TRUE(set_setting(entry, "last-words", "off"));
    EXPECT_EQ(entry.last_words, Switch::off);
    EXPECT_FALSE(set_setting(entry, "last-words", "0"));
    EXPECT_TRUE(set_setting(entry, "debug", "wait"));
    EXPECT_EQ(entry.debug, Debug::wait);
    EXPECT_FALSE(set_setting(entry, "debug", "on"));
    for (const auto& [value, wanted] :
         {std::pair("memory", LogTo::memory), {"ports", LogTo::ports}, {"screen", LogTo::screen}}) {
        EXPECT_TRUE(set_setting(entry, "log", value));
        EXPECT_EQ(entry.log, wanted);
    }
    EXPECT_FALSE(set_setting(entry, "log", "off"));
    EXPECT_FALSE(set_setting(entry, "kaslr", "refuse"));
    EXPECT_FALSE(set_setting(entry, "wx", "stop"));
    EXPECT_FALSE(set_setting(entry, "after-fault", "on"));
    EXPECT_FALSE(set_setting(entry, "timeout", "on"));
    EXPECT_EQ(entry.kaslr, Switch::off);
    EXPECT_EQ(entry.write_execute, WriteExecute::refuse);
    EXPECT_EQ(entry.after_fault, reset_in(3));
}

} // namespace
} // namespace baton::test

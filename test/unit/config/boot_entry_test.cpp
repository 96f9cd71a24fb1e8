// SPDX-License-Identifier: BSD-2-Clause
//
// The values of settings.
#include "config/boot_entry.hpp"

#include "config/parsing.hpp"
#include "config/settings.hpp"
#include "core/limits.hpp"
#include "support/errors.hpp"

#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

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

TEST(BootEntry, MeasurementIsAutoOrRequired) {
    EXPECT_EQ(parse_measure("auto"), Measure::automatic);
    EXPECT_EQ(parse_measure("required"), Measure::required);
    for (const auto* const value : {"", "on", "off", "Required"})
        EXPECT_FALSE(parse_measure(value)) << value;
}

TEST(Processors, AreAllOrOneOrSoMany) {
    EXPECT_EQ(parse_processors("on"), kMostProcessors);
    EXPECT_EQ(parse_processors("off"), 1u);
    EXPECT_EQ(parse_processors("1"), 1u);
    EXPECT_EQ(parse_processors("4096"), 4096u);
    for (const std::string_view value : {"", "all", "0", "4097", "4294967297", "-1", "2 ", "On"})
        EXPECT_FALSE(parse_processors(value)) << value;
}

TEST(Protocol, IsUnsetOrTheOneOfTheName) {
    using enum KernelProtocol;
    for (const auto& [name, wanted] : {std::pair("auto", unset),
                                       {"baton", KernelProtocol::baton},
                                       {"limine", limine},
                                       {"multiboot2", multiboot2},
                                       {"multiboot", multiboot},
                                       {"pvh", pvh},
                                       {"plain", plain}})
        EXPECT_EQ(parse_protocol(name), wanted) << name;
    for (const std::string_view name : {"", "unset", "Limine", "multiboot1", "linux", "pvh "})
        EXPECT_FALSE(parse_protocol(name)) << name;
}

TEST(SetSetting, SetsTheOneThatIsNamedIfItHasTheValue) {
    BootEntry entry;
    EXPECT_TRUE(set_setting(entry, "kaslr", "off", {}));
    EXPECT_TRUE(set_setting(entry, "wx", "refuse", {}));
    EXPECT_TRUE(set_setting(entry, "after-fault", "reset:3", {}));
    EXPECT_TRUE(set_setting(entry, "watchdog", "20", {}));
    EXPECT_EQ(entry.watchdog, 20u);
    EXPECT_FALSE(set_setting(entry, "watchdog", "on", {}));
    EXPECT_TRUE(set_setting(entry, "crash-record", "off", {}));
    EXPECT_EQ(entry.crash_record, Switch::off);
    EXPECT_FALSE(set_setting(entry, "crash-record", "0", {}));
    EXPECT_TRUE(set_setting(entry, "debug", "wait", {}));
    EXPECT_EQ(entry.debug, Debug::wait);
    EXPECT_FALSE(set_setting(entry, "debug", "on", {}));
    for (const auto& [value, wanted] :
         {std::pair("memory", LogTo::memory), {"ports", LogTo::ports}, {"screen", LogTo::screen}}) {
        EXPECT_TRUE(set_setting(entry, "log", value, {}));
        EXPECT_EQ(entry.log, wanted);
    }
    EXPECT_FALSE(set_setting(entry, "log", "off", {}));
    EXPECT_TRUE(set_setting(entry, "protocol", "limine", {}));
    EXPECT_EQ(entry.protocol, KernelProtocol::limine);
    EXPECT_TRUE(set_setting(entry, "protocol", "auto", {}));
    EXPECT_EQ(entry.protocol, KernelProtocol::unset);
    EXPECT_FALSE(set_setting(entry, "protocol", "on", {}));
    EXPECT_TRUE(set_setting(entry, "hhdm", "rwx", {}));
    EXPECT_EQ(entry.hhdm, DirectMapAccess::rwx);
    EXPECT_TRUE(set_setting(entry, "hhdm", "nx", {}));
    EXPECT_EQ(entry.hhdm, DirectMapAccess::nx);
    EXPECT_FALSE(set_setting(entry, "hhdm", "on", {}));
    EXPECT_TRUE(set_setting(entry, "strict", "on", {}));
    EXPECT_EQ(entry.strict, Switch::on);
    EXPECT_FALSE(set_setting(entry, "strict", "1", {}));
    EXPECT_FALSE(set_setting(entry, "kaslr", "refuse", {}));
    EXPECT_FALSE(set_setting(entry, "wx", "stop", {}));
    EXPECT_FALSE(set_setting(entry, "after-fault", "on", {}));
    EXPECT_FALSE(set_setting(entry, "timeout", "on", {}));
    EXPECT_EQ(entry.kaslr, Switch::off);
    EXPECT_EQ(entry.write_execute, WriteExecute::refuse);
    EXPECT_EQ(entry.after_fault, reset_in(3));
}

/// "reset:SECONDS" is tried as "reset:5", and "N" as 5.
std::vector<std::string> values_of(const SettingText& setting) {
    std::vector<std::string> values;
    std::istringstream text{std::string(setting.values)};
    for (std::string value; std::getline(text, value, '|');) {
        if (const auto at = value.find("SECONDS"); at != std::string::npos)
            value.replace(at, std::string_view("SECONDS").size(), "5");
        values.push_back(value == "N" ? "5" : value);
    }
    return values;
}

TEST(SettingTexts, EachSettingHasTheValuesThatItsTextLists) {
    for (std::size_t i = 0; i < std::size(kSettingTexts); ++i) {
        const SettingText& setting = kSettingTexts[i];
        EXPECT_EQ(setting_named(setting.name), i);
        EXPECT_GE(values_of(setting).size(), 2u) << setting.name;
        for (const std::string& value : values_of(setting)) {
            BootEntry entry;
            EXPECT_EQ(outcome(set_setting(entry, setting.name, value, {})), "good")
                << setting.name << ' ' << value;
        }
    }
}

TEST(SettingTexts, ABadValueIsAnsweredWithTheSettingsOwnValues) {
    for (const SettingText& setting : kSettingTexts) {
        BootEntry entry;
        const std::string usage = std::string(setting.name) + " " + std::string(setting.values);
        for (const std::string_view value : {"", "On", "reset 0", "maybe"})
            expect_failure(set_setting(entry, setting.name, value, {2, 9}),
                           bad_setting(usage, 2, 9));
    }
}

TEST(SettingTexts, ANameThatNoSettingHasIsNamed) {
    BootEntry entry;
    expect_failure(set_setting(entry, "colour", "on", {1, 1}), bad_setting("colour", 1, 1));
}

TEST(Remark, OnAWordThatIsNoSettingListsAllThatThereAre) {
    Text text;
    describe({.kind = Remark::Kind::unknown_setting, .position = {1, 1}, .key = "kalsr"}, text);
    const std::string found(text.view());
    EXPECT_TRUE(found.starts_with("kalsr: not known, ignored")) << found;
    for (const SettingText& setting : kSettingTexts)
        EXPECT_TRUE(found.contains(setting.name)) << found;
    EXPECT_FALSE(found.ends_with("...")) << "cut off: " << found;
}

} // namespace
} // namespace baton::test

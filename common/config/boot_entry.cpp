// SPDX-License-Identifier: BSD-2-Clause
#include "config/boot_entry.hpp"

namespace baton {
namespace {

template<class T>
bool set(T& setting, std::optional<T> value) {
    setting = value.value_or(setting);
    return value.has_value();
}

} // namespace

std::optional<Switch> parse_switch(std::string_view value) {
    if (value == "on")
        return Switch::on;
    if (value == "off")
        return Switch::off;
    return std::nullopt;
}

std::optional<WriteExecute> parse_write_execute(std::string_view value) {
    if (value == "refuse")
        return WriteExecute::refuse;
    if (value == "allow")
        return WriteExecute::allow;
    return std::nullopt;
}

std::optional<Debug> parse_debug(std::string_view value) {
    if (value == "wait")
        return Debug::wait;
    if (value == "off")
        return Debug::off;
    return std::nullopt;
}

std::optional<LogTo> parse_log_to(std::string_view value) {
    if (value == "memory")
        return LogTo::memory;
    if (value == "ports")
        return LogTo::ports;
    if (value == "screen")
        return LogTo::screen;
    return std::nullopt;
}

std::optional<AfterFault> parse_after_fault(std::string_view value) {
    using enum AfterFault::Action;
    constexpr std::string_view kResetIn = "reset:";
    if (value == "stop")
        return AfterFault{.action = stop};
    if (value == "exit")
        return AfterFault{.action = exit};
    if (value == "reset")
        return AfterFault{.action = reset, .seconds = kResetSeconds};
    if (!value.starts_with(kResetIn))
        return std::nullopt;
    const auto seconds = parse_decimal(tail(value, kResetIn.size()));
    if (!seconds || *seconds > kMostResetSeconds)
        return std::nullopt;
    return AfterFault{.action = reset, .seconds = *seconds};
}

std::optional<uint32_t> parse_watchdog(std::string_view value) {
    if (value == "off")
        return 0;
    const auto seconds = parse_decimal(value);
    return seconds && *seconds != 0 && *seconds <= kMostWatchdogSeconds ? seconds : std::nullopt;
}

bool set_setting(BootEntry& entry, std::string_view name, std::string_view value) {
    if (name == "kaslr")
        return set(entry.kaslr, parse_switch(value));
    if (name == "wx")
        return set(entry.write_execute, parse_write_execute(value));
    if (name == "after-fault")
        return set(entry.after_fault, parse_after_fault(value));
    if (name == "last-words")
        return set(entry.last_words, parse_switch(value));
    if (name == "debug")
        return set(entry.debug, parse_debug(value));
    if (name == "log")
        return set(entry.log, parse_log_to(value));
    if (name == "watchdog")
        entry.watchdog = parse_watchdog(value);
    return name == "watchdog" && entry.watchdog;
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
#include "config/boot_entry.hpp"

#include "core/limits.hpp"
#include "core/settings.def"

#include <algorithm>
#include <array>
#include <iterator>

namespace baton {
namespace {

template<class T>
void assign(T& setting, std::optional<T> value) {
    setting = *value;
}
template<class T>
void assign(std::optional<T>& setting, std::optional<T> value) {
    setting = value;
}

template<auto member, auto parse>
bool set(BootEntry& entry, std::string_view text) {
    const auto value = parse(text);
    if (value)
        assign(entry.*member, value);
    return value.has_value();
}

struct KnownSetting {
    std::string_view name;
    std::string_view usage;                                // the name and its values
    bool (*set)(BootEntry& entry, std::string_view value); // false: no such value
};
constexpr KnownSetting kKnownSettings[] = {
#define BATON_KNOWN_SETTING(name, values, meaning, field, parser)                                  \
    {name, name " " values, set<&BootEntry::field, parser>},
    BATON_SETTINGS(BATON_KNOWN_SETTING)
#undef BATON_KNOWN_SETTING
};
static_assert(std::size(kKnownSettings) == kSettings);
static_assert(std::all_of(std::begin(kKnownSettings), std::end(kKnownSettings),
                          [](const KnownSetting& setting) {
                              return setting.usage.size() <
                                     std::tuple_size_v<decltype(ErrorDetails::subject)>;
                          }),
              "an error can hold the values of each setting");

/// The enumerator, after `unset`, whose name is in the same place in `names`.
template<class Choice>
std::optional<Choice> choice(const char* names, std::string_view value) {
    static_assert(Choice::unset == Choice{});
    const unsigned number = number_in(names, value);
    return number != 0 ? std::optional(static_cast<Choice>(number)) : std::nullopt;
}

} // namespace

std::optional<Switch> parse_switch(std::string_view value) {
    return choice<Switch>("on off", value);
}

std::optional<WriteExecute> parse_write_execute(std::string_view value) {
    return choice<WriteExecute>("refuse allow", value);
}

std::optional<Debug> parse_debug(std::string_view value) {
    return choice<Debug>("wait off", value);
}

std::optional<LogTo> parse_log_to(std::string_view value) {
    return choice<LogTo>("memory ports screen", value);
}

std::optional<DirectMapAccess> parse_direct_map_access(std::string_view value) {
    return choice<DirectMapAccess>("nx rwx", value);
}

std::optional<KernelProtocol> parse_protocol(std::string_view value) {
    if (value == "auto")
        return KernelProtocol::unset;
    return choice<KernelProtocol>("baton limine multiboot2 multiboot pvh plain", value);
}

std::optional<Measure> parse_measure(std::string_view value) {
    return choice<Measure>("auto required", value);
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

std::optional<uint32_t> parse_processors(std::string_view value) {
    if (value == "on")
        return kMostProcessors;
    if (value == "off")
        return 1;
    const auto count = parse_decimal(value);
    return count && *count != 0 && *count <= kMostProcessors ? count : std::nullopt;
}

std::optional<std::size_t> setting_named(std::string_view name) {
    for (std::size_t i = 0; i < kSettings; ++i)
        if (kKnownSettings[i].name == name)
            return i;
    return std::nullopt;
}

Result<void> set_setting(BootEntry& entry, std::string_view name, std::string_view value,
                         TextPosition position) {
    const auto setting = setting_named(name);
    if (setting && kKnownSettings[*setting].set(entry, value))
        return {};
    return std::unexpected(Error(ErrorCode::boot_setting_unknown, {position.line, position.column})
                               .about(setting ? kKnownSettings[*setting].usage : name));
}

void describe(const Remark& remark, TextWriter& text) {
    text.add(remark.key);
    switch (remark.kind) {
    case Remark::Kind::unknown_key:
        text.add(": not known, ignored");
        break;
    case Remark::Kind::unused_key:
        text.add(": for other loaders, ignored");
        break;
    case Remark::Kind::repeated_key:
        text.add(": given before; the first one counts");
        break;
    case Remark::Kind::replaced_key:
        text.add(": given again later; the last one counts");
        break;
    case Remark::Kind::unknown_setting:
        text.add(": not known, ignored; the settings are ");
        for (const KnownSetting& known : kKnownSettings)
            text.put("%s%v", &known == kKnownSettings ? "" : ", ", known.name);
        break;
    }
}

} // namespace baton

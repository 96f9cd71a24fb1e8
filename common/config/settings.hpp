// SPDX-License-Identifier: BSD-2-Clause
//
// The settings of boot entries as texts for people: core/settings.def.
#pragma once

#include "core/settings.def"

#include <string_view>

namespace baton {

struct SettingText {
    std::string_view name;    // as boot_entry.hpp's setting_named() and set_setting() take it
    std::string_view values;  // with "|" between them; a person replaces words in capitals
    std::string_view meaning; // with the default
};

inline constexpr SettingText kSettingTexts[] = {
#define BATON_SETTING_TEXT(name, values, meaning, field, parser) {name, values, meaning},
    BATON_SETTINGS(BATON_SETTING_TEXT)
#undef BATON_SETTING_TEXT
};

} // namespace baton

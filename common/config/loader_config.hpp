// SPDX-License-Identifier: BSD-2-Clause
//
// \loader\loader.conf: settings for all entries.
#pragma once

#include "config/boot_entry.hpp"
#include "core/error.hpp"

#include <string_view>

namespace baton {

/// As views into the file.
struct LoaderConfig {
    std::string_view default_pattern; // for find_default(); empty: none is given
};

/// Reads `text`. The one key that is used is default; where it comes again, the last one counts.
/// Errors: boot_text_*, boot_line_too_long.
Result<LoaderConfig> parse_loader_config(std::string_view text, RemarkSink& remarks);

} // namespace baton

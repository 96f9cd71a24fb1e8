// SPDX-License-Identifier: BSD-2-Clause
//
// The command line that Baton is started with where there are no boot entries: by PVH, Multiboot2
// and the Linux boot protocol.
//
//     [SETTINGS --] COMMAND LINE
//
// Settings are those of load options (load_options.hpp), each once. Without a word "--" all of it
// is the kernel's.
#pragma once

#include "config/boot_entry.hpp"
#include "core/arena.hpp"
#include "core/error.hpp"

#include <string_view>

namespace baton {

/// An entry with the settings and the kernel's command line, a view into `line`. Errors:
/// boot_quote_open, boot_setting_unknown, boot_key_repeated, out_of_memory.
Result<BootEntry> parse_start_line(std::string_view line, Arena& arena, RemarkSink& remarks);

} // namespace baton

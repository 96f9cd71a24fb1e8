// SPDX-License-Identifier: BSD-2-Clause
//
// The boot entry in the load options that the firmware passes (UEFI 2.10 section 3.1.3,
// EFI_LOAD_OPTION.OptionalData):
//
//     [PROGRAM] kernel=PATH [module=PATH[=STRING]]… [SETTING=VALUE]… [-- COMMAND LINE]
//
// with the settings of core/settings.def.
// Words are separated by blanks and may come in any order before the "--"; only "module" may come
// again. Double quotes keep blanks together, around the whole word or a part of it; inside them ""
// stands for one quote, and an '=' is part of the module's path: module="a=b c.img"="the string".
// All that follows the word -- is the command line as it stands, quotes included, without the
// blanks around it. The first word is the program's own name where it is no key, as shells pass it.
// Keys and settings are lower case. Any other word is ignored, with a remark.
#pragma once

#include "config/boot_entry.hpp"
#include "core/arena.hpp"
#include "core/bytes.hpp"
#include "core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace baton {

inline constexpr std::size_t kMaxLoadOptionsBytes = std::size_t{64} << 10;

/// The entry in `load_options`: UTF-16 up to a NUL or the end, of any alignment and also of odd
/// length; or 8-bit text, where no byte but those at the end is 0 (some tools write it so; UTF-16
/// with a key in it has such bytes). No value where none of the keys is there: empty options,
/// a program's name alone, or bytes that are something else. A position in an error or a remark is
/// line 1 and the column in the options as UTF-8.
/// Errors: load_options_too_long, load_options_without_kernel, boot_quote_open, boot_key_repeated,
/// boot_setting_unknown, boot_path_*, out_of_memory.
Result<std::optional<BootEntry>> parse_load_options(Bytes load_options, Arena& arena,
                                                    RemarkSink& remarks);

} // namespace baton

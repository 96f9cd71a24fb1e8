// SPDX-License-Identifier: BSD-2-Clause
//
// Between the firmware's UTF-16 and the UTF-8 of everything else.
#pragma once

#include "core/arena.hpp"
#include "core/bytes.hpp"
#include "core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace baton {

/// UTF-8 from UTF-16LE in bytes of any alignment, up to the first NUL or the end; a last odd byte
/// and a leading byte order mark are dropped. A surrogate without its partner becomes U+FFFD.
/// The text is in the arena. Error: out_of_memory.
Result<std::string_view> to_utf8(Bytes utf16, Arena& arena);

/// UTF-16 from UTF-8, with a NUL after the view's end, as file protocols want it. Each byte that is
/// part of no well-formed character becomes U+FFFD. The text is in the arena. Error: out_of_memory.
Result<std::u16string_view> to_utf16(std::string_view utf8, Arena& arena);

/// The character at `at` of UTF-8 as a console that knows no surrogates shows it (UEFI's UCS-2),
/// and `at` moves on; there is a byte at `at`. U+FFFD where it has no such form, for NUL, and for
/// each byte that is part of no well-formed character.
char16_t take_ucs2(std::string_view utf8, std::size_t& at);

} // namespace baton

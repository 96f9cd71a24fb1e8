// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "core/text.hpp"

#include <string>

namespace baton::tool {

inline std::string string_of(const TextWriter& text) {
    return std::string(text.view());
}

/// "12 KiB".
inline std::string size_text(uint64_t bytes) {
    return string_of(Text().size(bytes));
}

/// "0x1000", with at least this many digits.
inline std::string hex_text(uint64_t value, unsigned digits = 1) {
    return string_of(Text().hex(value, digits));
}

} // namespace baton::tool

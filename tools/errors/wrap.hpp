// SPDX-License-Identifier: BSD-2-Clause
//
// Lines of at most 100 columns for the documents that are made from tables.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace baton {

/// In columns of UTF-8 text.
constexpr std::size_t columns_of(std::string_view text) {
    std::size_t columns = 0;
    for (const char byte : text)
        columns += (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
    return columns;
}

/// One paragraph or list item, whose later lines begin with `indent`.
inline std::string wrapped_line(std::string_view line, std::string_view indent) {
    constexpr std::size_t kColumns = 100;
    std::string text;
    std::size_t column = 0;
    while (!line.empty()) {
        const std::size_t end = std::min(line.find(' '), line.size());
        const std::string_view word = line.substr(0, end);
        line.remove_prefix(std::min(end + 1, line.size()));
        if (column != 0 && column + 1 + columns_of(word) > kColumns) {
            text.append("\n").append(indent);
            column = columns_of(indent);
        } else if (column != 0) {
            text += ' ';
            ++column;
        }
        text += word;
        column += columns_of(word);
    }
    return text + '\n';
}

/// Markdown that begins with `first`: its lines wrapped, blocks of code left as they are. Later
/// lines of a paragraph begin with `indent`, those of a list item with two blanks.
inline std::string wrapped(std::string_view text, std::string_view first,
                           std::string_view indent = "") {
    const std::string all = std::string(first) + std::string(text);
    std::string result;
    bool is_code = false;
    for (std::string_view rest = all; !rest.empty();) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        const bool is_fence = line.starts_with("```");
        if (is_code || is_fence)
            result.append(line).append("\n");
        else
            result += wrapped_line(line, line.starts_with("- ") ? "  " : indent);
        is_code ^= is_fence;
    }
    return result;
}

} // namespace baton

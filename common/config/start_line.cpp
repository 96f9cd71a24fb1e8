// SPDX-License-Identifier: BSD-2-Clause
#include "config/start_line.hpp"

#include "config/words.hpp"

#include <algorithm>
#include <array>

namespace baton {
namespace {

bool ends_the_settings(const Word& word) {
    return word.text == "--" && !word.quoted;
}

bool has_settings(std::string_view line, std::span<char> buffer) {
    Words words(line, buffer);
    for (Word word; words.next(word);)
        if (ends_the_settings(word))
            return true;
    return false;
}

} // namespace

Result<BootEntry> parse_start_line(std::string_view line, Arena& arena, RemarkSink& remarks) {
    const auto buffer = TRY(arena.scratch<char>(line.size()));
    BootEntry entry{};
    if (!has_settings(line, buffer)) {
        entry.command_line = trim(line);
        return entry;
    }
    std::array<uint64_t, kSettings> seen{}; // columns
    Words words(line, buffer);
    for (Word word; words.next(word) && !ends_the_settings(word);) {
        const uint64_t column = word.offset + 1;
        if (word.open_quote != std::string_view::npos)
            return fail(ErrorCode::boot_quote_open, {1, word.open_quote + 1});
        const std::string_view name = head(word.text, std::min(word.equals, word.text.size()));
        const auto setting = setting_named(name);
        if (!setting || word.equals == std::string_view::npos) {
            remarks.remark({.kind = Remark::Kind::unknown_setting,
                            .position = {1, static_cast<uint32_t>(column)},
                            .key = name});
            continue;
        }
        uint64_t& first = seen[*setting];
        if (first != 0)
            return fail(ErrorCode::boot_key_repeated, {1, column, 1, first});
        first = column;
        const TextPosition position = {1, static_cast<uint32_t>(column)};
        TRY(set_setting(entry, name, tail(word.text, word.equals + 1), position));
    }
    entry.command_line = trim(words.rest());
    return entry;
}

} // namespace baton

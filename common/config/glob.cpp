// SPDX-License-Identifier: BSD-2-Clause
#include "config/glob.hpp"

#include "config/lines.hpp"

#include <cstddef>

namespace baton {
namespace {

/// Two texts read as one.
struct Joined {
    std::string_view first;
    std::string_view second;

    std::size_t size() const { return first.size() + second.size(); }
    char operator[](std::size_t i) const {
        return i < first.size() ? first[i] : second[i - first.size()];
    }
};

/// After the UTF-8 character at `at`.
std::size_t next_character(const Joined& text, std::size_t at) {
    do
        ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80);
    return at;
}

/// The index of the ']' that closes the set whose '[' is at `open`; npos: there is none.
std::size_t set_end(std::string_view pattern, std::size_t open) {
    std::size_t at = open + 1;
    if (at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^'))
        ++at;
    return index_of(pattern, ']', at + 1); // not the first of the set
}

/// Whether `character` is in the set between the '[' and the ']' of which `set` is the inside.
bool in_set(std::string_view set, char character) {
    const bool negated = set.front() == '!' || set.front() == '^';
    if (negated)
        set.remove_prefix(1);
    const char wanted = to_lower(character);
    bool found = false;
    for (std::size_t i = 0; i < set.size(); ++i) {
        const char low = to_lower(set[i]);
        char high = low;
        if (i + 2 < set.size() && set[i + 1] == '-') {
            high = to_lower(set[i + 2]);
            i += 2;
        }
        found = found || (wanted >= low && wanted <= high);
    }
    return found != negated;
}

/// Matches the one character at `at` with the piece of the pattern at `piece`, which is no '*', and
/// moves both past it.
bool match_one(std::string_view pattern, std::size_t& piece, const Joined& text, std::size_t& at) {
    const char character = text[at];
    if (pattern[piece] == '?') {
        ++piece;
        at = next_character(text, at);
        return true;
    }
    if (pattern[piece] == '[') {
        if (const std::size_t end = set_end(pattern, piece); end != std::string_view::npos) {
            const bool matched = in_set(head(tail(pattern, piece + 1), end - piece - 1), character);
            piece = end + 1;
            at = next_character(text, at);
            return matched;
        }
    } else if (pattern[piece] == '\\' && piece + 1 < pattern.size()) {
        ++piece;
    }
    return to_lower(pattern[piece++]) == to_lower(text[at++]);
}

} // namespace

bool matches_glob(std::string_view pattern, std::string_view text, std::string_view suffix) {
    const Joined joined = {text, suffix};
    constexpr std::size_t kNone = std::string_view::npos;
    std::size_t piece = 0;
    std::size_t at = 0;
    // Only the last '*' is ever tried with one character more: what came before it has matched, and
    // nothing that a longer match of an earlier one would give is out of its reach.
    std::size_t after_star = kNone;
    std::size_t star_end = 0;
    while (at < joined.size()) {
        if (piece < pattern.size() && pattern[piece] == '*') {
            after_star = ++piece;
            star_end = at;
        } else if (piece < pattern.size() && match_one(pattern, piece, joined, at)) {
            continue;
        } else if (after_star != kNone) {
            star_end = next_character(joined, star_end);
            at = star_end;
            piece = after_star;
        } else {
            return false;
        }
    }
    while (piece < pattern.size() && pattern[piece] == '*')
        ++piece;
    return piece == pattern.size();
}

} // namespace baton

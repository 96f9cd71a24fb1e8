// SPDX-License-Identifier: BSD-2-Clause
#include "config/version.hpp"

#include "config/lines.hpp"

#include <algorithm>
#include <cstddef>

namespace baton {
namespace {

// Characters that decide between two rests of which one begins with such a character: that one is
// lower. In the specification's order; the tilde comes before these, and before
// the question whether a text has ended.
constexpr std::string_view kSeparators = "-^.";

constexpr bool means_something(char character) {
    return is_digit(character) || is_letter(character) || character == '~' ||
           index_of(kSeparators, character) != std::string_view::npos;
}

bool begins_with(std::string_view text, char character) {
    return !text.empty() && text.front() == character;
}

void skip_meaningless(std::string_view& text) {
    while (!text.empty() && !means_something(text.front()))
        text.remove_prefix(1);
}

/// Takes the characters of one kind off the front of `text`.
std::string_view take(std::string_view& text, bool (*is_of_kind)(char)) {
    std::size_t count = 0;
    while (count < text.size() && is_of_kind(text[count]))
        ++count;
    const std::string_view taken = head(text, count);
    text.remove_prefix(count);
    return taken;
}

/// Takes `character`, and what means nothing after it, off both; where only one has it, that one is
/// lower.
std::weak_ordering take_separator(std::string_view& a, std::string_view& b, char character) {
    const bool in_a = begins_with(a, character);
    const bool in_b = begins_with(b, character);
    if (in_a != in_b)
        return in_a ? std::weak_ordering::less : std::weak_ordering::greater;
    if (in_a) {
        a.remove_prefix(1);
        b.remove_prefix(1);
        skip_meaningless(a);
        skip_meaningless(b);
    }
    return std::weak_ordering::equivalent;
}

/// As numbers of any length, of which an empty one is 0.
std::weak_ordering compare_numbers(std::string_view a, std::string_view b) {
    a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
    b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
    if (a.size() != b.size())
        return a.size() <=> b.size();
    return a <=> b;
}

} // namespace

std::weak_ordering compare_versions(std::string_view a, std::string_view b) {
    // Each round takes something off both: past the separators both begin with a digit or a letter,
    // or a separator was just taken.
    while (true) {
        skip_meaningless(a);
        skip_meaningless(b);
        if (const auto order = take_separator(a, b, '~'); order != 0)
            return order;
        if (a.empty() || b.empty())
            return !a.empty() <=> !b.empty();
        for (const char separator : kSeparators)
            if (const auto order = take_separator(a, b, separator); order != 0)
                return order;
        const bool numeric =
            (!a.empty() && is_digit(a.front())) || (!b.empty() && is_digit(b.front()));
        const auto kind = numeric ? is_digit : is_letter;
        const std::string_view part_a = take(a, kind);
        const std::string_view part_b = take(b, kind);
        const std::weak_ordering order =
            numeric ? compare_numbers(part_a, part_b) : std::weak_ordering(part_a <=> part_b);
        if (order != 0)
            return order;
    }
}

} // namespace baton

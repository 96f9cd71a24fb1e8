// SPDX-License-Identifier: BSD-2-Clause
#include "config/unicode.hpp"

#include <cstddef>

namespace baton {
namespace {

// The Unicode Standard, sections 3.8 (surrogates), 3.9 (encoding forms), 23.8 (the byte order
// mark).
constexpr char32_t kReplacement = 0xfffd;
constexpr char32_t kByteOrderMark = 0xfeff;
constexpr char32_t kFirstSurrogate = 0xd800;
constexpr char32_t kFirstLowSurrogate = 0xdc00;
constexpr char32_t kLastSurrogate = 0xdfff;
constexpr char32_t kFirstSupplementary = 0x10000;
constexpr char32_t kLast = 0x10ffff;

constexpr bool is_high_surrogate(char32_t unit) {
    return unit >= kFirstSurrogate && unit < kFirstLowSurrogate;
}
constexpr bool is_low_surrogate(char32_t unit) {
    return unit >= kFirstLowSurrogate && unit <= kLastSurrogate;
}

/// The character at `unit`, which moves past it. There is a unit at `unit`.
char32_t take_utf16(Bytes bytes, std::size_t& unit) {
    const char32_t first = read_at<uint16_t>(bytes, unit * 2);
    ++unit;
    if (!is_high_surrogate(first) && !is_low_surrogate(first))
        return first;
    if (!is_high_surrogate(first) || unit == bytes.size() / 2)
        return kReplacement;
    const char32_t second = read_at<uint16_t>(bytes, unit * 2);
    if (!is_low_surrogate(second))
        return kReplacement;
    ++unit;
    return kFirstSupplementary + ((first - kFirstSurrogate) << 10) + (second - kFirstLowSurrogate);
}

std::size_t put_utf8(char32_t character, char* to) {
    const auto trailing = [character](unsigned shift) {
        return static_cast<char>(0x80 | (character >> shift & 0x3f));
    };
    if (character < 0x80) {
        to[0] = static_cast<char>(character);
        return 1;
    }
    if (character < 0x800) {
        to[0] = static_cast<char>(0xc0 | character >> 6);
        to[1] = trailing(0);
        return 2;
    }
    if (character < kFirstSupplementary) {
        to[0] = static_cast<char>(0xe0 | character >> 12);
        to[1] = trailing(6);
        to[2] = trailing(0);
        return 3;
    }
    to[0] = static_cast<char>(0xf0 | character >> 18);
    to[1] = trailing(12);
    to[2] = trailing(6);
    to[3] = trailing(0);
    return 4;
}

/// The character at `at`, which moves past it; past one byte where that begins no well-formed
/// character. There is a byte at `at`.
char32_t take_utf8(std::string_view text, std::size_t& at) {
    const auto lead = static_cast<unsigned char>(text[at++]);
    if (lead < 0x80)
        return lead;
    const std::size_t more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    constexpr char32_t kSmallest[] = {0, 0x80, 0x800, kFirstSupplementary}; // less is overlong
    if (lead < 0xc0 || lead > 0xf7 || text.size() - at < more)
        return kReplacement;
    char32_t character = lead & (0x3fu >> more);
    for (std::size_t i = 0; i < more; ++i) {
        const auto byte = static_cast<unsigned char>(text[at + i]);
        if ((byte & 0xc0) != 0x80)
            return kReplacement;
        character = character << 6 | (byte & 0x3f);
    }
    if (character < kSmallest[more] || character > kLast ||
        (character >= kFirstSurrogate && character <= kLastSurrogate))
        return kReplacement;
    at += more;
    return character;
}

} // namespace

Result<std::string_view> to_utf8(Bytes utf16, Arena& arena) {
    const auto text = TRY(arena.scratch<char>(utf16.size() / 2 * 3)); // a unit has at most three
    std::size_t length = 0;
    for (std::size_t unit = 0; unit < utf16.size() / 2;) {
        const bool first = unit == 0;
        const char32_t character = take_utf16(utf16, unit);
        if (character == 0)
            break;
        if (!first || character != kByteOrderMark)
            length += put_utf8(character, text.data() + length);
    }
    return std::string_view(text.data(), length);
}

char16_t take_ucs2(std::string_view utf8, std::size_t& at) {
    const char32_t character = take_utf8(utf8, at);
    const bool has_form = character != 0 && character < kFirstSupplementary;
    return static_cast<char16_t>(has_form ? character : kReplacement);
}

Result<std::u16string_view> to_utf16(std::string_view utf8, Arena& arena) {
    const auto text = TRY(arena.array<char16_t>(utf8.size() + 1));
    std::size_t length = 0;
    for (std::size_t at = 0; at < utf8.size();) {
        const char32_t character = take_utf8(utf8, at);
        if (character < kFirstSupplementary) {
            text[length++] = static_cast<char16_t>(character);
            continue;
        }
        const char32_t offset = character - kFirstSupplementary;
        text[length++] = static_cast<char16_t>(kFirstSurrogate + (offset >> 10));
        text[length++] = static_cast<char16_t>(kFirstLowSurrogate + (offset & 0x3ff));
    }
    return std::u16string_view(text.data(), length);
}

} // namespace baton

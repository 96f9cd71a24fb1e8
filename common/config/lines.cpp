// SPDX-License-Identifier: BSD-2-Clause
#include "config/lines.hpp"

#include <algorithm>

namespace baton {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::size_t leading_blanks(std::string_view text) {
    std::size_t count = 0;
    while (count < text.size() && is_blank(text[count]))
        ++count;
    return count;
}

std::size_t leading_word(std::string_view text) {
    std::size_t count = 0;
    while (count < text.size() && !is_blank(text[count]))
        ++count;
    return count;
}

} // namespace

std::string_view take_line(std::string_view& rest) {
    const std::size_t end = index_of(rest, '\n');
    std::string_view line = end == std::string_view::npos ? rest : head(rest, end);
    rest = end == std::string_view::npos ? std::string_view() : tail(rest, end + 1);
    if (!line.empty() && line.back() == '\r')
        line.remove_suffix(1);
    return line;
}

std::optional<uint32_t> parse_decimal(std::string_view digits) {
    constexpr uint64_t kLargest = ~uint32_t{0};
    uint64_t value = 0;
    for (const char digit : digits) {
        if (!is_digit(digit))
            return std::nullopt;
        value = value * 10 + static_cast<uint64_t>(digit - '0');
        if (value > kLargest)
            return std::nullopt;
    }
    if (digits.empty())
        return std::nullopt;
    return static_cast<uint32_t>(value);
}

std::string_view trim(std::string_view text) {
    text.remove_prefix(leading_blanks(text));
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    return text;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size())
        return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (to_lower(a[i]) != to_lower(b[i]))
            return false;
    return true;
}

bool ends_with_ignoring_case(std::string_view text, std::string_view end) {
    return text.size() >= end.size() &&
           equal_ignoring_case(tail(text, text.size() - end.size()), end);
}

unsigned number_in(std::string_view words, std::string_view word, Case letters) {
    for (unsigned number = 1; !words.empty(); ++number) {
        const std::string_view one = head(words, std::min(index_of(words, ' '), words.size()));
        if (letters == Case::matters ? one == word : equal_ignoring_case(one, word))
            return number;
        words = tail(words, std::min(one.size() + 1, words.size()));
    }
    return 0;
}

std::string_view without_byte_order_mark(std::string_view text) {
    const bool marked =
        text.size() >= kByteOrderMark.size() && head(text, kByteOrderMark.size()) == kByteOrderMark;
    return marked ? tail(text, kByteOrderMark.size()) : text;
}

Result<void> check_config_text(std::string_view text) {
    if (text.size() > kMaxConfigBytes)
        return fail(ErrorCode::boot_text_too_long, {text.size(), kMaxConfigBytes});
    std::string_view rest = without_byte_order_mark(text);
    for (uint64_t number = 1; !rest.empty(); ++number) {
        const std::string_view line = take_line(rest);
        for (std::size_t i = 0; i < line.size(); ++i) {
            const auto byte = static_cast<unsigned char>(line[i]);
            if ((byte < ' ' && byte != '\t') || byte == 0x7f)
                return fail(ErrorCode::boot_text_not_plain, {number, i + 1, byte});
        }
        if (line.size() > kMaxConfigLineBytes)
            return fail(ErrorCode::boot_line_too_long, {number, line.size(), kMaxConfigLineBytes});
    }
    return {};
}

KeyLines::KeyLines(std::string_view text) : rest_(without_byte_order_mark(text)) {}

bool KeyLines::next(KeyLine& line) {
    while (!rest_.empty()) {
        const std::string_view whole = take_line(rest_);
        ++line_;
        const std::size_t key_at = leading_blanks(whole);
        const std::string_view from_key = tail(whole, key_at);
        if (from_key.empty() || from_key.front() == '#')
            continue;
        const std::size_t key_bytes = leading_word(from_key);
        const std::string_view after_key = tail(from_key, key_bytes);
        const std::size_t value_at = key_at + key_bytes + leading_blanks(after_key);
        line = {.key = head(from_key, key_bytes),
                .value = trim(after_key),
                .key_position = {line_, static_cast<uint32_t>(key_at + 1)},
                .value_position = {line_, static_cast<uint32_t>(value_at + 1)}};
        return true;
    }
    return false;
}

} // namespace baton

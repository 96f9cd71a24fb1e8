// SPDX-License-Identifier: BSD-2-Clause
//
// Configuration text: pieces of it, and the lines "key value" that it is made of.
#pragma once

#include "core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace baton {

/// Space, tab, and every other control character: what separates words.
constexpr bool is_blank(char character) {
    return static_cast<unsigned char>(character) <= ' ';
}
constexpr bool is_digit(char character) {
    return character >= '0' && character <= '9';
}
constexpr bool is_letter(char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}
/// Of an ASCII letter; any other character stays as it is.
constexpr char to_lower(char character) {
    return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a')
                                                : character;
}

/// The first `count` characters; `count` is at most the text's size. (string_view's own substr can
/// throw, and its find calls memchr: neither has a place here.)
constexpr std::string_view head(std::string_view text, std::size_t count) {
    text.remove_suffix(text.size() - count);
    return text;
}
/// All but the first `count` characters; `count` is at most the text's size.
constexpr std::string_view tail(std::string_view text, std::size_t count) {
    text.remove_prefix(count);
    return text;
}
/// Where `character` first is in `text` from `from` on; npos: nowhere.
constexpr std::size_t index_of(std::string_view text, char character, std::size_t from = 0) {
    for (std::size_t i = from; i < text.size(); ++i)
        if (text[i] == character)
            return i;
    return std::string_view::npos;
}
/// Takes the first line off `rest`, and its end, LF or CR LF, which is not part of what it returns.
std::string_view take_line(std::string_view& rest);
/// A number of decimal digits alone that fits.
std::optional<uint32_t> parse_decimal(std::string_view digits);
/// The text without the blanks around it.
std::string_view trim(std::string_view text);
/// Whether two texts are the same, apart from the case of ASCII letters.
bool equal_ignoring_case(std::string_view a, std::string_view b);
bool ends_with_ignoring_case(std::string_view text, std::string_view end);
enum class Case : bool { matters, is_ignored };
/// Which of `words`, which have a space between two of them, `word` is: from 1 on; 0: none. (An
/// array of views would have to be made at run time where code is position independent.)
unsigned number_in(std::string_view words, std::string_view word, Case letters = Case::matters);
/// Whether `word` is one of `words`.
inline bool is_one_of(std::string_view word, std::string_view words, Case letters = Case::matters) {
    return number_in(words, word, letters) != 0;
}
/// `text` without a UTF-8 byte order mark at its beginning.
std::string_view without_byte_order_mark(std::string_view text);

/// Where something is in a text: both from 1 on, a column for each byte. A byte order mark counts
/// as nothing. Load options are one line.
struct TextPosition {
    uint32_t line = 0;
    uint32_t column = 0;
};

inline constexpr std::size_t kMaxConfigBytes = std::size_t{1} << 20;      // thousands of modules
inline constexpr std::size_t kMaxConfigLineBytes = std::size_t{64} << 10; // without the line's end

/// Checks that a configuration file can be read as lines of plain text: no control character but
/// tabs and line ends, and nothing beyond the two limits above.
/// Errors: boot_text_too_long, boot_line_too_long, boot_text_not_plain.
Result<void> check_config_text(std::string_view text);

/// A line with a key: its first word, and the rest of the line without the blanks around it.
struct KeyLine {
    std::string_view key;
    std::string_view value; // empty: the key stands alone
    TextPosition key_position;
    TextPosition value_position; // of an absent value: where the line ends
};

/// The lines of a text, one after the other, as views into it. A line ends in LF or CR LF, the last
/// one perhaps in nothing. Blank lines and those whose first character, after blanks, is '#' are
/// skipped, and so is a UTF-8 byte order mark. A '#' further on is part of the value.
class KeyLines {
  public:
    /// `text` has passed check_config_text().
    explicit KeyLines(std::string_view text);
    /// The next line into `line`; false where there is none any more.
    bool next(KeyLine& line);

  private:
    std::string_view rest_;
    uint32_t line_ = 0;
};

} // namespace baton

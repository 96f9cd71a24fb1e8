// SPDX-License-Identifier: BSD-2-Clause
//
// Words of a line, with double quotes around what has blanks in it.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace baton {

/// A word as it is meant, without its quotes.
struct Word {
    std::string_view text;
    std::size_t offset;       // in the line: of its first character, be it a quote
    bool quoted;              // a part of it was
    std::size_t open_quote;   // in the line: a quote that nothing closes; npos: none
    std::size_t equals;       // in `text`: the first '='; npos: none
    std::size_t later_equals; // in `text`: the first '=' outside quotes after that; npos: none
};

/// The words of a line. Blanks separate them, but not between double quotes, of which a word may
/// have several pairs; inside a pair, "" stands for one quote. A backslash is a character like any
/// other, since paths are full of them.
class Words {
  public:
    /// `buffer` has at least as many characters as `line`, and the words that next() gives point
    /// into it.
    Words(std::string_view line, std::span<char> buffer) : line_(line), buffer_(buffer) {}

    /// The next word into `word`; false where there is none any more.
    bool next(Word& word);
    /// What comes after the last word that next() gave.
    std::string_view rest() const { return {line_.data() + at_, line_.size() - at_}; }

  private:
    std::string_view line_;
    std::span<char> buffer_;
    std::size_t at_ = 0;
    std::size_t used_ = 0;
};

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// Text without an allocator: numbers and errors written into a buffer of fixed size.
#pragma once

#include "core/error.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace baton {

/// A line of text being made. What doesn't fit is cut off, and the text then ends in "...".
class Text {
  public:
    // Not defaulted: Text() would fill the buffer with zeroes.
    Text() {} // NOLINT(modernize-use-equals-default)
    Text& add(std::string_view text);
    // Of their own, so that a call with a literal is a few bytes of code.
    Text& add(const char* text);
    Text& add(char character);
    /// Decimal, right-aligned in `width` columns.
    Text& decimal(uint64_t value, unsigned width = 0);
    /// "1 frame", "2 frames": the noun takes an s for all numbers but 1.
    Text& count(uint64_t number, std::string_view noun);
    /// "0x" and at least `digits` digits, lower case.
    Text& hex(uint64_t value, unsigned digits = 1);
    /// Two digits.
    Text& hex_byte(uint8_t value);
    /// A size in bytes as a person would say it: "12 KiB", "1.5 MiB".
    Text& size(uint64_t bytes);
    /// "error: NAME: [subject: ]sentence (label value, …)".
    Text& error(const Error& error);

    std::string_view view() const { return {buffer_.data(), length_}; }

  private:
    static constexpr std::size_t kCapacity = 512;
    std::array<char, kCapacity> buffer_;
    std::size_t length_ = 0;
};

} // namespace baton

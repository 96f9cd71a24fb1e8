// SPDX-License-Identifier: BSD-2-Clause
//
// Text without an allocator: numbers and errors written into a buffer of fixed size.
#pragma once

#include "core/error.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace baton {

/// Text being made in somebody's memory, UTF-8. What doesn't fit is cut off, between two
/// characters, and the text then ends in "..." or more dots.
class TextWriter {
  public:
    /// `memory`: at least 3 characters, which outlive the writer.
    explicit TextWriter(std::span<char> memory) : memory_(memory) {}

    TextWriter& add(std::string_view text);
    // Of their own, so that a call with a literal is a few bytes of code.
    TextWriter& add(const char* text);
    TextWriter& add(char character);
    /// Decimal, right-aligned in `width` columns.
    TextWriter& decimal(uint64_t value, unsigned width = 0);
    /// "1 frame", "2 frames": the noun takes an s for all numbers but 1.
    TextWriter& count(uint64_t number, std::string_view noun);
    /// "0x" and at least `digits` digits, lower case.
    TextWriter& hex(uint64_t value, unsigned digits = 1);
    /// Two digits.
    TextWriter& hex_byte(uint8_t value);
    /// A size in bytes as a person would say it: "12 KiB", "1.5 MiB".
    TextWriter& size(uint64_t bytes);
    /// "error: NAME: [subject: ]sentence (label value, …)".
    TextWriter& error(const Error& error);

    std::string_view view() const { return {memory_.data(), length_}; }

  private:
    std::span<char> memory_;
    std::size_t length_ = 0;
};

inline constexpr std::size_t kTextBytes = 768;

struct TextMemory {
    std::array<char, kTextBytes> characters;
};

/// A line of text being made, with memory of its own.
class Text : private TextMemory, public TextWriter {
  public:
    Text(); // the characters are not filled with zeroes
    Text(const Text&) = delete;
    Text& operator=(const Text&) = delete;
    ~Text() = default;
};

} // namespace baton

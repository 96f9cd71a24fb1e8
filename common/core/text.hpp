// SPDX-License-Identifier: BSD-2-Clause
//
// Text without an allocator: numbers and errors written into a buffer of fixed size.
#pragma once

#include "core/error.hpp"

#include <array>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace baton {

/// How TextWriter::put() takes an argument: which letters may stand for it, and itself as a word.
template<class T>
struct TextArgument {
    static constexpr std::string_view kLetters = "dxz";
    static uint64_t word(T value) { return value; }
};
template<>
struct TextArgument<char> {
    static constexpr std::string_view kLetters = "c";
    static uint64_t word(char value) { return static_cast<uint8_t>(value); }
};
template<>
struct TextArgument<const char*> {
    static constexpr std::string_view kLetters = "s";
    static uint64_t word(const char* text) { return reinterpret_cast<uint64_t>(text); }
};
template<std::size_t kBytes>
struct TextArgument<char[kBytes]> : TextArgument<const char*> {};
template<>
struct TextArgument<char*> : TextArgument<const char*> {};
template<class T>
    requires std::is_same_v<T, std::string_view> || std::is_same_v<T, Error>
struct TextArgument<T> {
    static constexpr std::string_view kLetters = std::is_same_v<T, Error> ? "e" : "v";
    static uint64_t word(const T& value) { return reinterpret_cast<uint64_t>(&value); }
};

/// What TextWriter::put() writes, checked by the compiler: text with a % and a letter for each
/// argument, %d for a number, or a number of columns before the letter, %x in hexadecimal, %z as a
/// size; %s for a text that ends with NUL, %v for a std::string_view, %c for a character, %e for an
/// error. %p is an s, unless the last number was 1, and has no argument.
template<class... Arguments>
struct TextFormat {
    consteval TextFormat(const char* format) : text(format) { // NOLINT(google-explicit-constructor)
        const std::array<std::string_view, sizeof...(Arguments) + 1> letters{
            TextArgument<Arguments>::kLetters...};
        std::size_t argument = 0;
        while (*format != '\0')
            if (*format++ == '%') {
                while (*format >= '0' && *format <= '9')
                    ++format;
                if (*format != 'p' && !letters[argument++].contains(*format))
                    is_not_for_these_arguments();
                ++format;
            }
        if (argument != sizeof...(Arguments))
            is_not_for_these_arguments();
    }

    const char* text;

  private:
    static void is_not_for_these_arguments(); // nowhere: no constant expression calls it
};
template<class... Arguments>
using TextFormatFor = TextFormat<std::type_identity_t<Arguments>...>;

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
    /// Decimal, right-aligned in `width` columns, at most 20.
    TextWriter& decimal(uint64_t value, unsigned width = 0);
    /// "1 frame", "2 frames": the noun takes an s for all numbers but 1.
    TextWriter& count(uint64_t number, std::string_view noun);
    /// "0x" and at least `digits` digits, lower case.
    TextWriter& hex(uint64_t value, unsigned digits = 1);
    /// Two digits.
    TextWriter& hex_byte(uint8_t value);
    /// A size in bytes as a person would say it: "12 KiB", "1.5 MiB".
    TextWriter& size(uint64_t bytes);
    /// All of these by a format. In a few bytes of code: a word for each argument.
    template<class... Arguments>
    [[gnu::always_inline]] TextWriter& put(TextFormatFor<Arguments...> format,
                                           const Arguments&... arguments) {
        return put_words(format.text, TextArgument<Arguments>::word(arguments)...);
    }
    TextWriter& put_words(const char* format, ...);
    TextWriter& put_list(const char* format, va_list words);
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

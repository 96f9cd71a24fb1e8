// SPDX-License-Identifier: BSD-2-Clause
#include "core/text.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace baton {
namespace {

/// The digits of a number after as many of `fill` as give `columns`, in the array that it brings
/// along. Stage 2 has them too, and no space for what std::to_chars is linked with.
class Digits {
  public:
    Digits(uint64_t value, unsigned base, std::size_t columns, char fill) {
        do {
            characters_[--first_] = "0123456789abcdef"[value % base];
            value /= base;
        } while (value != 0);
        while (characters_.size() - first_ < columns && first_ != 0)
            characters_[--first_] = fill;
    }
    std::string_view view() const {
        return {characters_.data() + first_, characters_.size() - first_};
    }

  private:
    std::array<char, 20> characters_; // 2^64 has 20 decimal digits
    std::size_t first_ = characters_.size();
};

/// A byte of UTF-8 other than a character's first.
bool is_inside_character(char byte) {
    return (byte & 0xc0) == 0x80;
}

} // namespace

Text::Text() : TextWriter(characters) {}

TextWriter& TextWriter::add(std::string_view text) {
    const std::size_t fitting = std::min(text.size(), memory_.size() - length_);
    std::copy_n(text.begin(), fitting, memory_.data() + length_);
    length_ += fitting;
    if (fitting < text.size()) {
        std::size_t end = memory_.size() - 3;
        while (end != 0 && is_inside_character(memory_[end]))
            --end;
        std::memset(memory_.data() + end, '.', memory_.size() - end);
    }
    return *this;
}

TextWriter& TextWriter::add(const char* text) {
    return add(std::string_view(text));
}

TextWriter& TextWriter::add(char character) {
    return add(std::string_view(&character, 1));
}

TextWriter& TextWriter::decimal(uint64_t value, unsigned width) {
    return add(Digits(value, 10, width, ' ').view());
}

TextWriter& TextWriter::count(uint64_t number, std::string_view noun) {
    return decimal(number).add(' ').add(noun).add(number == 1 ? "" : "s");
}

TextWriter& TextWriter::hex(uint64_t value, unsigned digits) {
    return add("0x").add(Digits(value, 16, digits, '0').view());
}

TextWriter& TextWriter::hex_byte(uint8_t value) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    return add(kDigits[value >> 4]).add(kDigits[value & 15]);
}

TextWriter& TextWriter::size(uint64_t bytes) {
    constexpr char kUnits[][5] = {" B", " KiB", " MiB", " GiB", " TiB"}; // no pointers
    std::size_t unit = 0;
    uint64_t scale = 1;
    while (unit + 1 < std::size(kUnits) && bytes / scale >= 1024) {
        scale *= 1024;
        ++unit;
    }
    decimal(bytes / scale);
    if (const uint64_t tenths = bytes % scale * 10 / scale; tenths != 0)
        add('.').decimal(tenths);
    return add(kUnits[unit]);
}

} // namespace baton

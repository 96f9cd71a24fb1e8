// SPDX-License-Identifier: BSD-2-Clause
#include "core/text.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace baton {
namespace {

/// The digits of a number, in the array that it brings along.
struct Digits {
    std::array<char, 20> characters; // 2^64 has 20 decimal digits
    std::size_t count;

    Digits(uint64_t value, int base) {
        auto* const first = characters.data();
        count = static_cast<std::size_t>(
            std::to_chars(first, first + characters.size(), value, base).ptr - first);
    }
    std::string_view view() const { return {characters.data(), count}; }
};

} // namespace

Text& Text::add(std::string_view text) {
    const std::size_t fitting = std::min(text.size(), kCapacity - length_);
    std::copy_n(text.begin(), fitting, buffer_.data() + length_);
    length_ += fitting;
    if (fitting < text.size())
        std::memcpy(buffer_.data() + kCapacity - 3, "...", 3);
    return *this;
}

Text& Text::add(const char* text) {
    return add(std::string_view(text));
}

Text& Text::add(char character) {
    return add(std::string_view(&character, 1));
}

Text& Text::decimal(uint64_t value, unsigned width) {
    const Digits digits(value, 10);
    for (std::size_t i = digits.count; i < width; ++i)
        add(' ');
    return add(digits.view());
}

Text& Text::count(uint64_t number, std::string_view noun) {
    return decimal(number).add(' ').add(noun).add(number == 1 ? "" : "s");
}

Text& Text::hex(uint64_t value, unsigned digits) {
    const Digits number(value, 16);
    add("0x");
    for (std::size_t i = number.count; i < digits; ++i)
        add('0');
    return add(number.view());
}

Text& Text::hex_byte(uint8_t value) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    return add(kDigits[value >> 4]).add(kDigits[value & 15]);
}

Text& Text::size(uint64_t bytes) {
    constexpr std::array<std::string_view, 5> kUnits = {" B", " KiB", " MiB", " GiB", " TiB"};
    std::size_t unit = 0;
    uint64_t scale = 1;
    while (unit + 1 < kUnits.size() && bytes / scale >= 1024) {
        scale *= 1024;
        ++unit;
    }
    decimal(bytes / scale);
    if (const uint64_t tenths = bytes % scale * 10 / scale; tenths != 0)
        add('.').decimal(tenths);
    return add(kUnits[unit]);
}

Text& Text::error(const Error& error) {
    const ErrorDescription description = describe(error.code);
    add("error: ").add(description.name).add(": ");
    if (error.subject[0] != 0)
        add(error.subject.data()).add(": ");
    add(description.sentence);
    std::string_view separator = " (";
    for (std::size_t i = 0; i < kErrorNumbers && !description.labels[i].empty(); ++i) {
        add(separator).add(description.labels[i]).add(' ').hex(error.numbers[i]);
        separator = ", ";
    }
    return description.labels[0].empty() ? *this : add(')');
}

} // namespace baton

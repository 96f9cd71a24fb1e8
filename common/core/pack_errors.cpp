// SPDX-License-Identifier: BSD-2-Clause
//
// Writes core/packed_errors.hpp to the standard output: the texts of errors.def in a third of the
// bytes. It is run while building: whoever is linked with the sentences of all errors has them in
// every copy of the loader, and may need one.
#include "core/error.hpp"
#include "core/error_entries.hpp"
#include "core/text_model.hpp"

#include <algorithm>
#include <iostream>
#include <vector>

namespace {

/// Each bit takes the part of a range that is as large as it is likely; of the range that is left
/// in the end, any number says what the bits were.
class Packer {
  public:
    void pack(char character) {
        for (unsigned bit = baton::TextModel::kBits; bit-- != 0;)
            pack_bit((static_cast<unsigned>(character) >> bit & 1) != 0);
    }
    std::vector<unsigned> finish() {
        for (unsigned shift = 32; shift != 0; shift -= 8)
            bytes_.push_back(low_ >> (shift - 8) & 0xff);
        return bytes_;
    }

  private:
    void pack_bit(bool bit) {
        const auto ones = static_cast<uint32_t>(uint64_t{high_ - low_} * model().chance() >> 16);
        if (bit)
            high_ = low_ + ones;
        else
            low_ += ones + 1;
        model().learn(bit);
        for (; (low_ ^ high_) >> 24 == 0; low_ <<= 8, high_ = high_ << 8 | 0xff)
            bytes_.push_back(low_ >> 24);
    }
    static baton::TextModel& model() {
        static baton::TextModel model;
        return model;
    }

    uint32_t low_ = 0, high_ = ~uint32_t{0};
    std::vector<unsigned> bytes_;
};

} // namespace

int main() {
    std::size_t characters = 0;
    Packer packer;
    for (const baton::ErrorEntry& entry : baton::kErrorEntries) {
        if (entry.name.empty() || entry.sentence.empty() ||
            std::ranges::count(entry.labels, ',') >=
                static_cast<std::ptrdiff_t>(baton::kErrorNumbers)) {
            std::cerr << "errors.def: " << entry.name
                      << " has no name, no sentence or too many labels\n";
            return 1;
        }
        for (const std::string_view field : {entry.name, entry.labels, entry.sentence}) {
            if (std::ranges::any_of(field, [](char character) { return character <= 0; })) {
                std::cerr << "errors.def: a text of " << entry.name << " isn't ASCII\n";
                return 1;
            }
            std::ranges::for_each(field, [&](char character) { packer.pack(character); });
            packer.pack('\0');
            characters += field.size() + 1;
        }
    }
    std::cout << "// Made by core/pack_errors.cpp.\n#pragma once\n#include <cstddef>\n"
                 "#include <cstdint>\nnamespace baton::packed_errors {\n"
              << "inline constexpr std::size_t kCharacters = " << characters
              << ";\ninline constexpr uint8_t kText[] = {";
    for (const unsigned byte : packer.finish())
        std::cout << byte << ',';
    std::cout << "};\n}\n";
}

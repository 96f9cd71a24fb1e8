// SPDX-License-Identifier: BSD-2-Clause
//
// Writes core/packed_errors.hpp to the standard output: the texts of errors.def in half the bytes.
// It is run while building. The most frequent pair of neighbours becomes a code of its own, again
// and again (P. Gage, "A New Algorithm for Data Compression", 1994): whoever is linked with a
// hundred sentences has them in every copy of the loader, and may need one.
#include "core/error.hpp"
#include "core/error_entries.hpp"

#include <algorithm>
#include <iostream>
#include <map>
#include <utility>
#include <vector>

namespace {

constexpr unsigned kFirstPair = 128, kCodes = 256;

using Pair = std::pair<unsigned, unsigned>;

Pair most_frequent(const std::vector<unsigned>& text) {
    std::map<Pair, std::size_t> counts;
    for (std::size_t i = 1; i < text.size(); ++i)
        if (text[i - 1] != 0 && text[i] != 0)
            ++counts[{text[i - 1], text[i]}];
    return std::ranges::max_element(counts, {}, [](const auto& entry) { return entry.second; })
        ->first;
}

void replace(std::vector<unsigned>& text, Pair pair, unsigned code) {
    std::size_t written = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_pair = i + 1 < text.size() && Pair{text[i], text[i + 1]} == pair;
        text[written++] = is_pair ? code : text[i];
        i += is_pair ? 1 : 0;
    }
    text.resize(written);
}

/// How many codes are waiting at once while one is taken apart.
std::size_t depth(const std::vector<Pair>& pairs, unsigned code) {
    if (code < kFirstPair)
        return 1;
    const auto& [first, second] = pairs[code - kFirstPair];
    return std::max(depth(pairs, first) + 1, depth(pairs, second));
}

} // namespace

int main() {
    std::size_t longest = 0;
    std::vector<unsigned> text; // each field is ended by a NUL, which is in no pair
    for (const baton::ErrorEntry& entry : baton::kErrorEntries) {
        if (entry.name.empty() || entry.sentence.empty() ||
            std::ranges::count(entry.labels, ',') >=
                static_cast<std::ptrdiff_t>(baton::kErrorNumbers)) {
            std::cerr << "errors.def: " << entry.name
                      << " has no name, no sentence or too many labels\n";
            return 1;
        }
        longest =
            std::max(longest, entry.name.size() + entry.labels.size() + entry.sentence.size());
        for (const std::string_view field : {entry.name, entry.labels, entry.sentence}) {
            for (const char character : field)
                text.push_back(static_cast<unsigned char>(character));
            text.push_back(0);
        }
    }
    if (std::ranges::any_of(text, [](unsigned character) { return character >= kFirstPair; })) {
        std::cerr << "errors.def: a name, a label or a sentence isn't ASCII\n";
        return 1;
    }
    std::vector<Pair> pairs;
    for (unsigned code = kFirstPair; code < kCodes; ++code) {
        pairs.push_back(most_frequent(text));
        replace(text, pairs.back(), code);
    }
    std::size_t deepest = 0;
    for (unsigned code = kFirstPair; code < kCodes; ++code)
        deepest = std::max(deepest, depth(pairs, code));

    std::cout << "// Made by core/pack_errors.cpp.\n#pragma once\n#include <cstddef>\n"
                 "#include <cstdint>\nnamespace baton::packed_errors {\n"
              << "inline constexpr std::size_t kLongest = " << longest << ", kDeepest = " << deepest
              << ";\ninline constexpr uint8_t kFirstPair = " << kFirstPair
              << ";\ninline constexpr uint8_t kPairs[][2] = {";
    for (const auto& [first, second] : pairs)
        std::cout << '{' << first << ',' << second << "},";
    std::cout << "};\ninline constexpr uint8_t kText[] = {";
    for (const unsigned code : text)
        std::cout << code << ',';
    std::cout << "};\n}\n";
}

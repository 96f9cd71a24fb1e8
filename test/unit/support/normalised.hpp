// SPDX-License-Identifier: BSD-2-Clause
//
// normalise() in buffers of just their size, and what its results have to keep.
#pragma once

#include "support/normalise_oracle.hpp"
#include "tools/baton/heap_arena.hpp"

#include <gtest/gtest.h>
#include <ostream>
#include <span>
#include <vector>

namespace baton {

inline void PrintTo(const NormalisedRange& range, std::ostream* out) {
    *out << std::hex << range.range.base.value << " + " << range.range.bytes << " type " << std::dec
         << range.type << " firmware " << range.firmware_type << " attributes " << std::hex
         << range.attributes << " origin " << (range.origin == nullptr ? "-" : range.origin);
}

namespace test {

inline MemoryMap normalised(std::span<const TypedRange> ranges) {
    HeapArena arena; // a chunk for each array: the sanitizer sees what goes beyond one
    const auto filled = normalise(ranges, NormaliseBuffers::create(arena, ranges.size()).value());
    return {filled.begin(), filled.end()};
}

inline MemoryMap normalised(std::initializer_list<TypedRange> ranges) {
    return normalised(std::span(ranges.begin(), ranges.size()));
}

/// What boot_info.h promises of a memory map, whatever it was made from.
inline void expect_well_formed(std::span<const NormalisedRange> map) {
    for (std::size_t i = 0; i < map.size(); ++i) {
        EXPECT_EQ(map[i].range.base.value % 4096, 0u);
        EXPECT_EQ(map[i].range.bytes % 4096, 0u);
        EXPECT_GT(map[i].range.bytes, 0u);
        if (map[i].firmware_type == BATON_NO_FIRMWARE_TYPE) {
            EXPECT_EQ(map[i].attributes, 0u);
        }
        if (i == 0)
            continue;
        EXPECT_LE(map[i - 1].range.end(), map[i].range.base);
        EXPECT_FALSE(map[i - 1].range.end() == map[i].range.base && same_kind(map[i - 1], map[i]));
    }
}

} // namespace test
} // namespace baton

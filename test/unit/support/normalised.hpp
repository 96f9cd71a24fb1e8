// SPDX-License-Identifier: BSD-2-Clause
//
// normalise() with exactly the room that it asks for, so that the sanitizer sees when it takes
// more.
#pragma once

#include "memory/normalise.hpp"

#include <gtest/gtest.h>
#include <ostream>
#include <span>
#include <vector>

inline bool operator==(const BatonMemoryRange& a, const BatonMemoryRange& b) {
    return a.base_physical == b.base_physical && a.bytes == b.bytes && a.type == b.type &&
           a.reserved == b.reserved;
}

inline std::ostream& operator<<(std::ostream& out, const BatonMemoryRange& range) {
    return out << std::hex << range.base_physical << " + " << range.bytes << " type " << std::dec
               << range.type;
}

namespace baton::test {

using MemoryMap = std::vector<BatonMemoryRange>;

inline MemoryMap normalised(std::span<const TypedRange> claims) {
    std::vector<RangeEdge> edges(edges_needed(claims.size()));
    MemoryMap out(normalised_at_most(claims.size()),
                  {.base_physical = 1, .bytes = 2, .type = 3, .reserved = 4});
    const auto filled = normalise(claims, edges, out);
    EXPECT_EQ(filled.data(), out.data());
    return {filled.begin(), filled.end()};
}

inline MemoryMap normalised(std::initializer_list<TypedRange> claims) {
    return normalised(std::span(claims.begin(), claims.size()));
}

/// What boot_info.h promises of a memory map, whatever it was made from.
inline void expect_well_formed(std::span<const BatonMemoryRange> map) {
    for (std::size_t i = 0; i < map.size(); ++i) {
        EXPECT_EQ(map[i].base_physical % 4096, 0u);
        EXPECT_EQ(map[i].bytes % 4096, 0u);
        EXPECT_GT(map[i].bytes, 0u);
        EXPECT_EQ(map[i].reserved, 0u);
        if (i == 0)
            continue;
        const uint64_t end_below = map[i - 1].base_physical + map[i - 1].bytes;
        EXPECT_LE(end_below, map[i].base_physical);
        EXPECT_FALSE(end_below == map[i].base_physical && map[i - 1].type == map[i].type);
    }
}

} // namespace baton::test

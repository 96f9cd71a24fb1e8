// SPDX-License-Identifier: BSD-2-Clause
//
// The map that normalise() has to make, found in another way: for each stretch between two page
// boundaries, every typed is asked whether it is there. Written from normalise.hpp's sentences.
#pragma once

#include "memory/normalise.hpp"

#include <cstring>
#include <span>
#include <vector>

namespace baton {

inline bool same_origin(const char* a, const char* b) {
    return a == b || (a != nullptr && b != nullptr && std::strcmp(a, b) == 0);
}

inline bool same_kind(const NormalisedRange& a, const NormalisedRange& b) {
    return a.type == b.type && a.firmware_type == b.firmware_type && a.attributes == b.attributes &&
           same_origin(a.origin, b.origin);
}

inline bool operator==(const NormalisedRange& a, const NormalisedRange& b) {
    return a.range == b.range && same_kind(a, b);
}

namespace test {

using MemoryMap = std::vector<NormalisedRange>;

MemoryMap normalise_oracle(std::span<const TypedRange> ranges);

} // namespace test
} // namespace baton

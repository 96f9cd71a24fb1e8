// SPDX-License-Identifier: BSD-2-Clause
//
// Turns the ranges that a firmware and the loader claim into the map that a kernel gets.
#pragma once

#include "memory/memory_range.hpp"

#include <cstddef>
#include <span>

namespace baton {

/// A type begins or ends to apply: what the normaliser sorts. Scratch memory of the caller's.
struct RangeEdge {
    uint64_t address;
    uint32_t type;
    bool begins;
};

/// Scratch and room for a result that normalise() needs for `count` ranges.
constexpr std::size_t edges_needed(std::size_t count) {
    return 2 * count;
}
constexpr std::size_t normalised_at_most(std::size_t count) {
    return 2 * count;
}

/// Makes of `claims`, in any order and overlapping as they like, a map that is sorted, disjoint and
/// page-aligned, in which ranges that touch differ in type. Where claims overlap the more careful
/// one wins: usable < loader-reclaimable < kernel < ACPI reclaimable < ACPI NVS < persistent <
/// runtime services < reserved < framebuffer < bad. A part of a page belongs to no usable range,
/// and to every other one that touches it. What lies beyond 2^52 is left out.
///
/// It can't fail and runs after ExitBootServices: `edges` has edges_needed() entries and `out`
/// normalised_at_most(). Returns the part of `out` that was filled in. O(n log n).
std::span<BatonMemoryRange> normalise(std::span<const TypedRange> claims,
                                      std::span<RangeEdge> edges, std::span<BatonMemoryRange> out);

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// Turns the ranges that a firmware and the loader claim into the map that a kernel gets.
#pragma once

#include "memory/memory_range.hpp"

#include <cstddef>
#include <span>

namespace baton {

/// Where a claim begins or ends: what the normaliser sorts. Scratch memory of the caller's.
struct RangeEdge {
    uint64_t address;
    uint32_t claim; // index
    bool begins;
};

/// A claim that applies where the normaliser has come to. Scratch memory of the caller's.
struct ActiveClaim {
    uint64_t strength; // of two claims the greater one wins; says which one it is, too
    uint64_t end;
};

/// A part of the result.
struct NormalisedRange {
    PhysRange range;
    BatonMemoryType type;
    uint32_t firmware_type;
    uint64_t attributes;
    const char* origin; // null: nothing of the loader's
};

/// Scratch, and room for a result, for a number of claims.
struct NormaliseScratch {
    std::span<RangeEdge> edges;             // edges_needed()
    std::span<ActiveClaim> claims;          // one for each claim
    std::span<ActiveClaim> firmware_claims; // one for each claim
};
constexpr std::size_t edges_needed(std::size_t claims) {
    return 4 * claims; // and as many to merge them into
}
constexpr std::size_t normalised_at_most(std::size_t claims) {
    return 2 * claims;
}

/// Makes of `claims`, in any order and overlapping as they like, a map that is sorted, disjoint and
/// page-aligned, in which ranges that touch differ in something. Where claims overlap the more
/// careful type wins: usable < loader-reclaimable < kernel < ACPI reclaimable < ACPI NVS < special
/// purpose < unaccepted < persistent < runtime services < reserved < framebuffer < bad; the
/// firmware's type and attributes are those of the most careful claim of the firmware's, and the
/// origin is that of the claim that wins, which of several of one type is one that has an origin. A
/// part of a page belongs to no usable range, and to every other one that touches it. What lies
/// beyond 2^52 is left out.
///
/// It can't fail and runs after ExitBootServices: the scratch is as large as said above, and `out`
/// has normalised_at_most() entries. Returns the part of `out` that was filled in. O(n log n).
std::span<NormalisedRange> normalise(std::span<const TypedRange> claims,
                                     const NormaliseScratch& scratch,
                                     std::span<NormalisedRange> out);

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// Turns the ranges that a firmware and the loader claim into the map that a kernel gets.
#pragma once

#include "core/arena.hpp"
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

constexpr std::size_t edges_needed(std::size_t claims) {
    return 4 * claims; // and as many to merge them into
}
constexpr std::size_t normalised_at_most(std::size_t claims) {
    return 2 * claims;
}

/// Scratch, and room for a result, for a number of claims.
struct NormaliseRoom {
    std::span<RangeEdge> edges;             // edges_needed()
    std::span<ActiveClaim> claims;          // one for each claim
    std::span<ActiveClaim> firmware_claims; // one for each claim
    std::span<NormalisedRange> result;      // normalised_at_most()

    /// What create() takes of an arena at the most.
    static constexpr uint64_t bytes_needed(std::size_t claims) {
        return Arena::bytes_for<RangeEdge>(edges_needed(claims)) +
               2 * Arena::bytes_for<ActiveClaim>(claims) +
               Arena::bytes_for<NormalisedRange>(normalised_at_most(claims));
    }
    /// Error: out_of_memory.
    static Result<NormaliseRoom> create(Arena& arena, std::size_t claims);
};

/// Makes of `claims`, in any order and overlapping as they like, a map that is sorted, disjoint and
/// page-aligned, in which ranges that touch differ in something. Where claims overlap the more
/// careful type wins: usable < loader-reclaimable < kernel < ACPI reclaimable < ACPI NVS < special
/// purpose < unaccepted < persistent < runtime services < reserved < framebuffer < bad; the
/// firmware's type and attributes are those of the most careful claim of the firmware's, and the
/// origin is that of the claim that wins, which of several of one type is one that has an origin. A
/// part of a page belongs to no usable range, and to every other one that touches it. What lies
/// beyond 2^52 is left out.
///
/// It can't fail and runs after ExitBootServices: the room is as large as said above. Returns the
/// part of its result that was filled in. O(n log n).
std::span<NormalisedRange> normalise(std::span<const TypedRange> claims, const NormaliseRoom& room);

} // namespace baton

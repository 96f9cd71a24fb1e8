// SPDX-License-Identifier: BSD-2-Clause
//
// Makes one memory map, which a kernel gets, of the ranges that a firmware and the loader name.
#pragma once

#include "core/arena.hpp"
#include "memory/memory_range.hpp"

#include <cstddef>
#include <span>

namespace baton {

/// Where a range begins or ends: what the normaliser sorts. The caller's scratch memory.
struct RangeEdge {
    uint64_t address;
    uint32_t typed; // index of the range
    bool begins;
};

/// A range that covers the address that the normaliser has reached. The caller's scratch memory.
struct ActiveRange {
    uint64_t strength; // of two ranges the greater one wins; has the index, too
    uint64_t end;
};

/// A part of the result.
struct NormalisedRange {
    PhysRange range;
    BatonMemoryType type;
    uint32_t firmware_type;
    uint64_t attributes;
    const char* origin;      // null: the loader has put nothing there
    bool has_tables = false; // as the range has it that the origin is of
};

/// Scratch memory and the result, for a number of ranges.
struct NormaliseBuffers {
    std::span<RangeEdge> edges;
    std::span<ActiveRange> active;
    std::span<ActiveRange> of_firmware;
    std::span<NormalisedRange> result; // as many as the map can have

    /// Error: out_of_memory.
    static Result<NormaliseBuffers> create(Arena& arena, std::size_t ranges);
};

/// Makes of `ranges`, in any order and overlapping as they like, a map that is sorted, disjoint and
/// page-aligned, in which ranges that touch differ in something. Where ranges overlap the more
/// careful type wins: usable < loader-reclaimable < kernel < ACPI reclaimable < ACPI NVS < special
/// purpose < unaccepted < persistent < runtime services < reserved < framebuffer < bad; the
/// firmware's type and attributes are those of the firmware's most careful range, and the origin is
/// that of the range that wins, which of several of one type is one that has an origin. A part of a
/// page belongs to no usable range, and to every other one that touches it. What lies beyond 2^52
/// is left out.
///
/// It can't fail and runs before ExitBootServices: the buffers are for at least as many ranges.
/// Returns the part of their result that was filled in. O(n log n).
std::span<NormalisedRange> normalise(std::span<const TypedRange> ranges,
                                     const NormaliseBuffers& buffers);

} // namespace baton

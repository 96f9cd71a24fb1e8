// SPDX-License-Identifier: BSD-2-Clause
#include "memory/free_range.hpp"

#include <algorithm>

namespace baton {
namespace {

/// The lowest base among the ranges that `block` overlaps; nothing where it overlaps none.
std::optional<PhysAddr> lowest_overlap(PhysRange block, std::span<const PhysRange> ranges) {
    std::optional<PhysAddr> lowest;
    for (const PhysRange& range : ranges)
        if (block.overlaps(range) && (!lowest || range.base < *lowest))
            lowest = range.base;
    return lowest;
}

/// The same for ranges in ascending order that don't overlap each other.
std::optional<PhysAddr> lowest_overlap_sorted(PhysRange block, std::span<const PhysRange> ranges) {
    const auto first =
        std::partition_point(ranges.begin(), ranges.end(),
                             [&](const PhysRange& range) { return range.end() <= block.base; });
    return first != ranges.end() && first->overlaps(block) ? std::optional(first->base)
                                                           : std::nullopt;
}

} // namespace

std::optional<PhysAddr> highest_fit(PhysRange free, PhysAddr end, const FrameRequest& request,
                                    std::span<const PhysRange> also_avoid) {
    if (request.pages > free.bytes / kPageBytes)
        return {};
    const uint64_t bytes = request.pages * kPageBytes;
    if (request.at) {
        const PhysRange block{*request.at, bytes};
        const bool is_free = block.base >= free.base && block.end() <= free.end() &&
                             block.end() <= end && !lowest_overlap(block, also_avoid);
        return is_free ? request.at : std::nullopt;
    }
    uint64_t limit = std::min({free.base.value + free.bytes, end.value, request.below.value});
    // Each turn goes below something to avoid, so it ends after as many turns as there are of
    // these.
    while (limit >= bytes && limit - bytes >= free.base.value) {
        const uint64_t highest = limit - bytes;
        if (highest < request.offset)
            return {};
        const PhysAddr base{align_down(highest - request.offset, request.alignment) +
                            request.offset};
        if (base < free.base)
            return {};
        const PhysRange block{base, bytes};
        auto obstacle = lowest_overlap_sorted(block, request.avoid);
        if (!obstacle)
            obstacle = lowest_overlap(block, also_avoid);
        if (!obstacle)
            return base;
        limit = obstacle->value;
    }
    return {};
}

} // namespace baton

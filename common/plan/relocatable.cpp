// SPDX-License-Identifier: BSD-2-Clause
#include "plan/relocatable.hpp"

#include <algorithm>

namespace baton {
namespace {

constexpr unsigned kMostTries = 4096; // of places, from the lowest on

Result<PhysAddr> find_lowest(const FrameRequest& request, PhysAddr low, FrameSource& frames) {
    FrameRequest there = request;
    there.avoid = {};
    uint64_t place = align_up(std::max(low.value, kPageBytes), request.alignment);
    const uint64_t bytes = request.pages * kPageBytes;
    for (unsigned tries = 0; tries < kMostTries && fits(place, bytes, request.below.value);
         ++tries, place += request.alignment) {
        there.at = PhysAddr{place};
        if (const auto base = frames.allocate(there))
            return base;
    }
    return frames.allocate(request);
}

void shift(LoadPlan& plan, uint64_t slide) {
    plan.slide += slide;
    plan.entry = plan.entry + slide;
    for (Segment& segment : plan.segments)
        segment.memory.base = segment.memory.base + slide;
    for (PageRun& run : plan.page_runs)
        run.pages.base = run.pages.base + slide;
    for (Region& region : plan.regions) {
        region.pages.base = region.pages.base + slide;
        region.physical = region.loaded = {region.pages.base.value};
    }
}

} // namespace

Result<void> place_relocatable(LoadPlan& plan, FrameSource& frames) {
    const Relocatable& where = *plan.relocatable;
    const VirtAddr first = plan.regions.front().pages.base;
    const uint64_t bytes = plan.regions.back().pages.end() - first;
    const PhysRange below_low{{0}, where.low.value};
    FrameRequest request{.pages = bytes / kPageBytes,
                         .alignment = std::max(where.alignment, kPageBytes),
                         .use = MemoryUse::kernel,
                         .below = std::min(where.end, k4GiB)};
    if (!below_low.empty())
        request.avoid = {&below_low, 1};
    const auto none = fail(ErrorCode::no_place_for_kernel,
                           {bytes, where.low.value, where.end.value, where.alignment});
    if (!is_power_of_two(request.alignment))
        return none;
    const auto base =
        where.lowest ? find_lowest(request, where.low, frames) : frames.allocate(request);
    if (!base)
        return none;
    shift(plan, base->value - first.value);
    return {};
}

} // namespace baton

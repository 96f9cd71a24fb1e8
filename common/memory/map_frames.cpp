// SPDX-License-Identifier: BSD-2-Clause
#include "memory/map_frames.hpp"

#include "memory/free_range.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace baton {
namespace {

constexpr uint64_t kLowest = uint64_t{1} << 20;
constexpr PhysAddr kAnywhere{kPhysicalAddressEnd};

/// The whole pages of what a claim says is free, above the first MiB.
PhysRange free_pages(const TypedRange& claim) {
    if (claim.type != BATON_MEMORY_USABLE || claim.range.empty())
        return {};
    const uint64_t first = std::max(align_up(claim.range.base.value, kPageBytes), kLowest);
    const uint64_t last = align_down(claim.range.end().value, kPageBytes);
    return first < last ? PhysRange{{first}, last - first} : PhysRange{};
}

/// The highest place for `request` below `end`.
std::optional<PhysAddr> find_place(std::span<const TypedRange> map, PhysAddr end,
                                   const FrameRequest& request, std::span<const PhysRange> taken) {
    std::optional<PhysAddr> best;
    for (const TypedRange& claim : map) {
        const PhysRange free = free_pages(claim);
        if (free.empty() || (best && free.end() <= *best))
            continue;
        const auto place = highest_fit(free, end, request, taken);
        if (place && (!best || *place > *best))
            best = place;
    }
    return best;
}

} // namespace

MapFrames::MapFrames(const Given& given) : given_(given) {
    for (const TypedRange& claim : given.map)
        if (claim.type != BATON_MEMORY_USABLE && !claim.range.empty())
            given_.taken[taken_count_++] = claim.range;
    for (const PhysRange& range : given.occupied)
        given_.taken[taken_count_++] = range;
}

Result<PhysAddr> MapFrames::allocate(const FrameRequest& request) {
    auto place = find_place(given_.map, k4GiB, request, taken());
    if (!place)
        place = find_place(given_.map, kAnywhere, request, taken());
    if (!place || !remember(PhysRange{*place, request.pages * kPageBytes}, request.origin))
        return std::unexpected(
            Error(ErrorCode::out_of_memory, {request.pages * kPageBytes, request.alignment})
                .about(request.origin));
    return *place;
}

/// Blocks come top down, so most lie right below one of before.
bool MapFrames::remember(PhysRange range, const char* origin) {
    for (std::size_t i = 0; i < block_count_; ++i) {
        Block& block = given_.blocks[i];
        if (block.range.base != range.end() ||
            std::string_view(block.origin) != std::string_view(origin))
            continue;
        block.range = {range.base, block.range.bytes + range.bytes};
        given_.taken[taken_count_ - block_count_ + i] = block.range;
        return true;
    }
    if (block_count_ == given_.blocks.size() || taken_count_ == given_.taken.size())
        return false;
    given_.blocks[block_count_++] = {range, origin};
    given_.taken[taken_count_++] = range;
    return true;
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
#include "memory/map_frames.hpp"

#include <algorithm>
#include <optional>

namespace baton {
namespace {

constexpr PhysAddr kAnywhere{kPhysicalAddressEnd};

} // namespace

MapFrames::MapFrames(const Given& given) : given_(given), free_(given.list) {
    for (const TypedRange& typed : given.map) {
        if (typed.type == BATON_MEMORY_USABLE)
            free_.add_free(typed.range);
        else if (!typed.range.empty())
            free_.add_taken(typed.range);
    }
    for (const PhysRange& range : given.occupied)
        free_.add_taken(range);
    free_.build();
}

Result<PhysAddr> MapFrames::allocate(const FrameRequest& request) {
    std::optional<PhysAddr> place;
    constexpr PhysAddr kFirstMiB{uint64_t{1} << 20};
    if (can_remember()) {
        const PhysAddr first = request.below <= kFirstMiB ? PhysAddr{kPageBytes} : kFirstMiB;
        const PhysAddr low = request.at ? PhysAddr{} : first;
        place = free_.take(k4GiB, request, low);
        if (!place)
            place = free_.take(kAnywhere, request, low);
    }
    if (!place)
        return std::unexpected(
            Error(ErrorCode::out_of_memory, {request.pages * kPageBytes, request.alignment})
                .about(request.label()));
    remember({{*place, request.pages * kPageBytes}, request.use, request.label()});
    return *place;
}

/// Whether one more block can be remembered.
bool MapFrames::can_remember() const {
    return block_count_ < given_.blocks.size();
}

/// Blocks come top down, so most lie right below one of the last ones.
void MapFrames::remember(const FrameBlock& made) {
    constexpr std::size_t kLast = 8;
    for (std::size_t i = block_count_ - std::min(block_count_, kLast); i < block_count_; ++i) {
        FrameBlock& block = given_.blocks[i];
        if (block.range.base != made.range.end() || block.use != made.use ||
            block.label != made.label)
            continue;
        block.range = {made.range.base, block.range.bytes + made.range.bytes};
        return;
    }
    given_.blocks[block_count_++] = made;
}

} // namespace baton

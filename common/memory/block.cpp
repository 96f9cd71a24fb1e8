// SPDX-License-Identifier: BSD-2-Clause
#include "memory/block.hpp"

#include "core/bytes.hpp"

#include <algorithm>

namespace baton {

namespace {

/// Each place is tried by itself: sources of frames hand out high ones.
Result<PhysAddr> allocate_low(FrameSource& frames, const FrameRequest& request) {
    constexpr unsigned kMostTries = 4096;
    constexpr uint64_t kStep = uint64_t{64} << 10;
    FrameRequest there = request;
    there.at = request.low_from;
    for (unsigned tries = 0; tries < kMostTries; ++tries, there.at = *there.at + kStep)
        if (fits(there.at->value, request.pages * kPageBytes, request.below.value))
            if (const auto base = frames.allocate(there))
                return base;
    return frames.allocate(request);
}

} // namespace

Result<Block> allocate_block(FrameSource& frames, uint64_t bytes, FrameRequest request) {
    request.pages = std::max<uint64_t>(pages_for(bytes), 1);
    const PhysAddr base =
        TRY(request.low_from ? allocate_low(frames, request) : frames.allocate(request));
    return Block{base, {frames.access(base), bytes}};
}

/// All of its pages.
Result<std::span<std::byte>> FrameArena::chunk(uint64_t bytes) {
    const Block block = TRY(allocate_block(frames_, bytes, {.use = use_, .below = below_}));
    return std::span(block.bytes.data(), block.pages().bytes);
}

} // namespace baton

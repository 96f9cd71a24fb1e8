// SPDX-License-Identifier: BSD-2-Clause
#include "memory/block.hpp"

#include <algorithm>

namespace baton {

Result<Block> allocate_block(FrameSource& frames, uint64_t bytes, FrameRequest request) {
    request.pages = std::max<uint64_t>(pages_for(bytes), 1);
    const PhysAddr base = TRY(frames.allocate(request));
    return Block{base, {frames.access(base), bytes}};
}

/// All of its pages.
Result<std::span<std::byte>> FrameArena::chunk(uint64_t bytes) {
    const Block block = TRY(allocate_block(frames_, bytes, {.use = use_, .below = below_}));
    return std::span(block.bytes.data(), block.pages().bytes);
}

} // namespace baton

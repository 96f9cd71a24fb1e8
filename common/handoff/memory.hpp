// SPDX-License-Identifier: BSD-2-Clause
//
// Memory of the loader's, with both its addresses.
#pragma once

#include "core/arena.hpp"
#include "memory/frame_source.hpp"

#include <span>

namespace baton {

/// Whole pages. `bytes` has the number that was asked for.
struct Block {
    PhysAddr base{};
    std::span<std::byte> bytes;

    PhysRange pages() const { return page_cover(PhysRange{base, bytes.size()}); }
};

/// At least a page. Error: out_of_memory.
Result<Block> allocate_block(FrameSource& frames, uint64_t bytes, FrameRequest request);

/// Memory that is used until the kernel is entered. Error: out_of_memory.
Result<Arena> allocate_arena(FrameSource& frames, uint64_t bytes);

} // namespace baton

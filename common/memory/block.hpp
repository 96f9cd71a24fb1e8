// SPDX-License-Identifier: BSD-2-Clause
//
// The loader's memory, with both its addresses.
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

/// An arena in frames of a source, which is referred to, below an address. They stay when it goes.
class FrameArena final : private ChunkSource, public Arena {
  public:
    explicit FrameArena(FrameSource& frames, MemoryUse use = MemoryUse::workspace,
                        PhysAddr below = FrameRequest{}.below)
        : Arena(static_cast<ChunkSource&>(*this)),
          frames_(frames),
          use_(use),
          below_(below) {}

  private:
    Result<std::span<std::byte>> chunk(uint64_t bytes) override;

    FrameSource& frames_;
    MemoryUse use_;
    PhysAddr below_;
};

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// Physical memory from a map that nobody keeps but Baton: where there is no firmware to ask.
#pragma once

#include "memory/frame_source.hpp"
#include "memory/free_memory.hpp"
#include "memory/memory_range.hpp"

#include <cstddef>
#include <span>

namespace baton {

/// Hands out what `map` calls usable, top down, and below 4 GiB where it can: code with 32-bit
/// addresses reaches it there. Keeps clear of the first MiB, which kernels need for themselves,
/// where a request doesn't say that it must be there; of what the map says anything else of as
/// well, and of what is occupied.
class MapFrames final : public FrameSource {
  public:
    struct Given {
        std::span<const TypedRange> map;     // in any order, overlapping as it likes
        std::span<const PhysRange> occupied; // never to be handed out
        std::span<PhysRange> list;    // FreeMemory::entries_for() map and occupied, and blocks
        std::span<FrameBlock> blocks; // those that touch and are for one thing are one
        uint64_t access_offset = 0;   // pointer - physical address; wraps
    };
    /// All of it is referred to, but for `map` and `occupied`. O(n log n).
    explicit MapFrames(const Given& given);
    MapFrames(const MapFrames&) = delete;
    MapFrames& operator=(const MapFrames&) = delete;
    ~MapFrames() = default;

    /// Error: out_of_memory, also where the block can't be remembered.
    Result<PhysAddr> allocate(const FrameRequest& request) override;
    void keep_clear(PhysRange pages) override { free_.remove(pages); }
    std::byte* access(PhysAddr address) override {
        return reinterpret_cast<std::byte*>(address.value + given_.access_offset);
    }

    PhysAddr address_of(const void* pointer) const override {
        return {reinterpret_cast<uint64_t>(pointer) - given_.access_offset};
    }

    std::span<const FrameBlock> blocks() const { return given_.blocks.first(block_count_); }

  private:
    bool can_remember() const;
    void remember(const FrameBlock& made);

    Given given_;
    FreeMemory free_;
    std::size_t block_count_ = 0;
};

} // namespace baton

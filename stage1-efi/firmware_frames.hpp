// SPDX-License-Identifier: BSD-2-Clause
//
// Physical memory from UEFI's boot services.
#pragma once

#include "core/error.hpp"
#include "memory/efi_map.hpp"
#include "memory/frame_source.hpp"
#include "stage1-efi/efi.hpp"
#include "stage1-efi/firmware_state.hpp"

#include <array>
#include <optional>

namespace baton {

/// Picks each block from the firmware's memory map, top down and below 4 GiB where it can (the
/// firmware's disk drivers reach it there without a copy), and allocates it by address. The
/// firmware's own choice would not do: blocks must keep clear of the kernel's virtual addresses, of
/// what the firmware uses without saying so, and of the first MiB, which kernels need for
/// themselves, where a request doesn't say that it must be there.
///
/// Small blocks come from chunks of many pages, and the memory map is asked for again only when a
/// place in it can't be had: a call of either of the firmware's functions costs more than to use
/// the memory.
///
/// Owns what it has allocated: destruction gives all of it back, unless keep() was called.
class FirmwareFrames final : public FrameSource {
  public:
    /// `occupied`: never to be handed out. An `older` object lends its memory map; it is not to be
    /// used as long as this one is there. It and the firmware are referred to.
    FirmwareFrames(const efi::Firmware& firmware, const RangeSet& occupied,
                   const FirmwareFrames* older = nullptr)
        : firmware_(firmware),
          occupied_(occupied),
          older_(older),
          map_(older == nullptr ? std::nullopt : older->map_) {}
    ~FirmwareFrames();
    FirmwareFrames(const FirmwareFrames&) = delete;
    FirmwareFrames& operator=(const FirmwareFrames&) = delete;

    Result<PhysAddr> allocate(const FrameRequest& request) override;
    void keep_clear(PhysRange pages) override;
    /// UEFI maps memory where it lies.
    std::byte* access(PhysAddr address) override {
        return reinterpret_cast<std::byte*>(address.value);
    }
    PhysAddr address_of(const void* pointer) const override {
        return {reinterpret_cast<uint64_t>(pointer)};
    }

    /// The memory map, as it was when it was last asked for: what has been allocated since may be
    /// free in it. It lives until the next call of this class.
    /// Errors: memory_map_unavailable, out_of_memory.
    Result<EfiMemoryMap> memory_map();

    /// All memory that is free in that map; 0 where there is none.
    uint64_t free_bytes();

    /// Everything allocated so far stays when this object goes.
    void keep() { kept_ = true; }

    /// Blocks that are allocated: use() gets a FrameBlock of each.
    std::size_t block_count() const { return block_count_; }
    template<class Use>
    void for_each_block(Use use) const {
        for (const Block* block = blocks_; block != nullptr; block = block->next)
            use(FrameBlock{{{block->base}, block->pages * kPageBytes}, block->use, block->label});
    }

  private:
    /// Remembers one block of pages.
    struct Block {
        EFI_PHYSICAL_ADDRESS base;
        UINTN pages;
        const char* label;
        Block* next;
        MemoryUse use;
        bool is_own; // not of a chunk
    };

    /// The first page of a chunk; the others are handed out from the lowest on.
    struct Chunk {
        static constexpr std::size_t kBlocks = 100;

        Chunk* next;
        UINTN pages;
        UINTN used_pages;
        std::size_t used_blocks;
        std::array<Block, kBlocks> blocks;

        PhysRange all() const;
        PhysRange left() const;
    };
    static_assert(sizeof(Chunk) <= kPageBytes);

    std::optional<PhysRange> own(PhysRange range) const;
    std::optional<PhysRange> taken(const EfiMemoryMap& map, PhysRange range) const;
    std::optional<PhysAddr> find_place(const EfiMemoryMap& map, PhysAddr end,
                                       const FrameRequest& request) const;
    Result<PhysAddr> allocate_pages(const FrameRequest& request);
    Result<PhysAddr> allocate_by_map(const FrameRequest& request, unsigned tries);
    Result<void> make_chunk();
    std::optional<PhysAddr> take_of_chunk(const FrameRequest& request);
    Result<void> grow_map_buffer(UINTN bytes);

    const efi::Firmware& firmware_;
    RangeSet occupied_;
    const FirmwareFrames* older_;
    Chunk* chunks_ = nullptr; // the one in use first
    Block* blocks_ = nullptr;
    std::size_t block_count_ = 0;
    bool kept_ = false;
    std::optional<EfiMemoryMap> map_;
    void* map_buffer_ = nullptr;
    UINTN map_buffer_bytes_ = 0;
};

} // namespace baton

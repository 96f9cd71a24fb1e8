// SPDX-License-Identifier: BSD-2-Clause
//
// The memory of a machine that isn't there.
#pragma once

#include "memory/free_memory.hpp"
#include "memory/map_frames.hpp"

#include <functional>
#include <map>
#include <sys/mman.h>
#include <utility>
#include <vector>

namespace baton::tool {

/// Zeroed memory that costs nothing until it is touched: a kernel may have gigabytes of .bss.
class LazyMemory {
  public:
    explicit LazyMemory(uint64_t bytes) : bytes_(bytes) {
        void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory != MAP_FAILED)
            memory_ = static_cast<std::byte*>(memory);
    }
    LazyMemory(LazyMemory&& other) noexcept
        : memory_(std::exchange(other.memory_, nullptr)),
          bytes_(other.bytes_) {}
    LazyMemory(const LazyMemory&) = delete;
    LazyMemory& operator=(const LazyMemory&) = delete;
    LazyMemory& operator=(LazyMemory&&) = delete;
    ~LazyMemory() {
        if (memory_)
            munmap(memory_, bytes_);
    }

    std::byte* data() const { return memory_; }
    uint64_t bytes() const { return bytes_; }

  private:
    std::byte* memory_ = nullptr;
    uint64_t bytes_;
};

/// The machine's memory, of which only what is handed out is there.
class DeskFrames final : public FrameSource {
  public:
    explicit DeskFrames(std::span<const TypedRange> memory)
        : room_(FreeMemory::entries_for(memory.size() + 1, kMostSplits)) {
        free_.add_taken({{0}, kPageBytes}); // never handed out
        for (const TypedRange& range : memory)
            if (range.type == BATON_MEMORY_USABLE)
                free_.add_free(range.range);
            else
                free_.add_taken(range.range);
        free_.build();
    }

    Result<PhysAddr> allocate(const FrameRequest& request) override {
        const uint64_t bytes = request.pages * kPageBytes;
        if (const auto base = free_.take({kPhysicalAddressEnd}, request)) {
            LazyMemory memory(bytes);
            if (memory.data()) {
                blocks_.emplace(base->value,
                                Block{std::move(memory), request.use, request.label()});
                return *base;
            }
        }
        return fail(ErrorCode::out_of_memory, {bytes, request.alignment});
    }

    void keep_clear(PhysRange pages) override { free_.remove(pages); }
    std::byte* access(PhysAddr address) override { return find(address); }
    PhysAddr address_of(const void* pointer) const override {
        const auto* const wanted = static_cast<const std::byte*>(pointer);
        for (const auto& [base, block] : blocks_)
            if (std::less_equal()(block.memory.data(), wanted) &&
                std::less()(wanted, block.memory.data() + block.memory.bytes()))
                return PhysAddr{base} + static_cast<uint64_t>(wanted - block.memory.data());
        return {kOwnMemory | reinterpret_cast<uint64_t>(pointer)};
    }

    std::byte* find(PhysAddr address) const {
        if (address.value >= kOwnMemory)
            return reinterpret_cast<std::byte*>(address.value - kOwnMemory);
        auto block = blocks_.upper_bound(address.value);
        if (block == blocks_.begin())
            return nullptr;
        --block;
        const uint64_t offset = address.value - block->first;
        return offset < block->second.memory.bytes() ? block->second.memory.data() + offset
                                                     : nullptr;
    }

    std::size_t block_count() const { return blocks_.size(); }

    /// What is where.
    void add_blocks(std::vector<TypedRange>& ranges) const {
        for (const auto& [base, block] : blocks_)
            ranges.push_back(
                FrameBlock{{{base}, block.memory.bytes()}, block.use, block.label}.typed());
    }

  private:
    struct Block {
        LazyMemory memory;
        MemoryUse use;
        const char* label;
    };

    // This program's memory lies there, as that of a stage 1 lies somewhere in the machine's.
    static constexpr uint64_t kOwnMemory = uint64_t{1} << 51;
    static constexpr std::size_t kMostSplits = 1 << 16; // by alignment
    std::vector<PhysRange> room_;
    FreeMemory free_{room_};
    std::map<uint64_t, Block> blocks_;
};

} // namespace baton::tool

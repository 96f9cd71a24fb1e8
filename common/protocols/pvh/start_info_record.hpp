// SPDX-License-Identifier: BSD-2-Clause
//
// hvm_start_info of version 1, which a PVH kernel reads: start_info/hvm_format.hpp.
#pragma once

#include "memory/e820.hpp"
#include "memory/normalise.hpp"
#include "protocols/protocol.hpp"
#include "start_info/hvm_format.hpp"

#include <cstddef>
#include <span>

namespace baton {

class HvmStartInfoRecord final : public KernelRecord {
  public:
    /// All that is known, in frames of `frames` below 4 GiB, which are referred to; without the
    /// memory map, which may have as many as `ranges` ranges. Error: out_of_memory.
    static Result<HvmStartInfoRecord*> make(const BootFacts& facts, std::size_t ranges,
                                            FrameSource& frames);

    /// What the kernel gets the address of.
    struct Contents {
        HvmStartInfo start;
        HvmStartMap map;
    };
    static_assert(sizeof(Contents) == sizeof(HvmStartInfo) + sizeof(HvmStartMap));

    /// For make().
    HvmStartInfoRecord(Contents& contents, const FrameSource& frames)
        : contents_(contents),
          frames_(frames) {}

    const Contents& contents() const { return contents_; }

    VirtAddr address() const override { return {physical(&contents_)}; }
    EntryState entry_state() const override {
        return {.is_32_bit = true, .ebx = static_cast<uint32_t>(address().value)};
    }
    void set_memory_map(std::span<const TypedRange> ranges) override;
    void complete(const LastFacts& /*facts*/) override {}

  private:
    uint64_t physical(const void* pointer) const { return frames_.address_of(pointer).value; }
    Result<uint64_t> text(std::string_view text, Arena& arena) const;
    Result<void> write(const BootFacts& facts, std::size_t ranges, Arena& arena);

    Contents& contents_;
    const FrameSource& frames_;
    NormaliseBuffers buffers_{};
    std::span<E820Entry> map_;
};

} // namespace baton

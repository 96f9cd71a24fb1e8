// SPDX-License-Identifier: BSD-2-Clause
//
// BootInfo, the record of Baton's own protocol: abi/boot_info.h.
#pragma once

#include "abi/boot_info.h"
#include "memory/block.hpp"
#include "memory/normalise.hpp"
#include "protocols/protocol.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace baton {

class BootInfoRecord final : public KernelRecord {
  public:
    /// A BootInfo with all that is known, its arrays and texts, in frames of `frames`, which are
    /// referred to. set_memory_map() takes as many as `ranges` ranges. Error: out_of_memory.
    static Result<BootInfoRecord*> make(const BootFacts& facts, std::size_t ranges,
                                        FrameSource& frames);

    /// For make().
    BootInfoRecord(BatonBootInfo& info, const FrameSource& frames, VirtAddr direct_map)
        : info_(info),
          frames_(frames),
          direct_map_(direct_map) {}

    const BatonBootInfo& info() const { return info_; }

    VirtAddr address() const override { return to_virtual(&info_); }
    VirtAddr acknowledgement() const override { return to_virtual(&info_.acknowledged); }
    /// After complete().
    VirtAddr stage2_time_stamps() override { return stage2_time_stamps_; }
    ProcessorWords processor(std::size_t index) const override;
    void set_memory_map(std::span<const TypedRange> ranges) override;
    /// Names of steps are cut off to what BatonTimeStamp holds.
    void complete(const LastFacts& facts) override;
    void wipe_secrets() override;

  private:
    class Writer;

    VirtAddr to_virtual(const void* pointer) const {
        return direct_map_ + frames_.address_of(pointer).value;
    }
    void add_time_stamp(std::string_view name, uint64_t tsc);
    bool is_overwritten(const char* text) const;
    const char* kept(const char* text);

    BatonBootInfo& info_;
    const FrameSource& frames_;
    VirtAddr direct_map_;
    std::span<BatonTimeStamp> time_stamps_;
    VirtAddr stage2_time_stamps_{};
    std::span<BatonMemoryRange> memory_map_;
    std::span<BatonProcessor> processors_;
    std::span<const Region> regions_; // the kernel's
    std::span<char> log_;             // a copy's
    std::span<char> texts_;           // copies of others, one after the other
    std::size_t texts_used_ = 0;
    const char* empty_text_ = nullptr;
    NormaliseBuffers buffers_;
};

} // namespace baton

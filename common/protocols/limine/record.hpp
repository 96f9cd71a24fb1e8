// SPDX-License-Identifier: BSD-2-Clause
//
// The responses to the requests of a kernel that speaks Limine's protocol.
#pragma once

#include "memory/normalise.hpp"
#include "protocols/limine/requests.hpp"
#include "protocols/protocol.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace baton {

class LimineRecord final : public KernelRecord {
  public:
    /// The responses, with pointers to them in the requests of the loaded kernel, and its segment
    /// descriptors, in frames of `frames`, which are referred to. set_memory_map() takes as many as
    /// `ranges` ranges. Error: out_of_memory.
    static Result<LimineRecord*> make(const BootFacts& facts, std::size_t ranges,
                                      FrameSource& frames);

    /// For make().
    LimineRecord(const BootFacts& facts, FrameSource& frames)
        : frames_(frames),
          own_(*static_cast<const LimineRequests*>(facts.kernel.requests.own)),
          direct_map_(facts.layout.direct_map.base),
          tsc_hz_(facts.tsc_hz) {}

    /// Of the table of segment descriptors: the first thing of the record.
    VirtAddr address() const override { return to_virtual(segments_.data()); }
    EntryState entry_state() const override;
    ProcessorWords processor(std::size_t index) const override;
    void set_memory_map(std::span<const TypedRange> ranges) override;
    void complete(const LastFacts& facts) override;

  private:
    class Writer;

    VirtAddr to_virtual(const void* pointer) const {
        return direct_map_ + frames_.address_of(pointer).value;
    }
    /// A response by its virtual address.
    template<class T>
    T* at(uint64_t address) const {
        return reinterpret_cast<T*>(frames_.access({address - direct_map_.value}));
    }
    /// What a range is to a kernel of this base revision.
    limine::MemoryType type_of(const NormalisedRange& range) const;

    FrameSource& frames_;
    const LimineRequests& own_;
    VirtAddr direct_map_;
    uint64_t tsc_hz_;
    std::span<uint64_t> segments_;
    std::span<limine::Processor> processors_; // all that there are, if requested
    std::span<limine::MemoryEntry> entries_;
    NormaliseBuffers buffers_;
    // Responses that are completed later; 0: there is none.
    uint64_t memory_map_ = 0;
    uint64_t performance_ = 0;
    uint64_t efi_map_ = 0;
    limine::Request* efi_map_request_ = nullptr;
};

} // namespace baton

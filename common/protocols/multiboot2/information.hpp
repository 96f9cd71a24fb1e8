// SPDX-License-Identifier: BSD-2-Clause
//
// The boot information that a Multiboot2 kernel reads: Multiboot2 Specification 2.0, section 3.6.
#pragma once

#include "memory/block.hpp"
#include "memory/normalise.hpp"
#include "protocols/multiboot/packer.hpp"
#include "protocols/multiboot2/header.hpp"
#include "protocols/protocol.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace baton::multiboot2 {

class Information final : public KernelRecord {
  public:
    /// All tags of what is known, in frames below 4 GiB, and space for the memory maps. Errors:
    /// section_outside_file, file_*, out_of_memory.
    static Result<Information*> make(const BootFacts& facts, const Header& header,
                                     std::size_t ranges, FrameSource& frames);

    VirtAddr address() const override { return {memory_.base.value}; }
    EntryState entry_state() const override;
    void set_memory_map(std::span<const TypedRange> ranges) override;
    void complete(const LastFacts& facts) override;

    /// As the kernel reads it.
    Bytes bytes() const { return memory_.bytes; }

  private:
    struct Parts;

    void put_tags(const Parts& parts, Packer& packer);
    void put_end(uint64_t place);

    Block memory_;
    NormaliseBuffers buffers_{};
    bool keeps_firmware_ = false;
    uint64_t basic_memory_ = 0; // where these tags are; the memory map is the last one before the
    uint64_t memory_map_ = 0;   // firmware's, so that both may be shorter than their space
    uint64_t end_ = 0;          // of the memory map
};

} // namespace baton::multiboot2

// SPDX-License-Identifier: BSD-2-Clause
//
// The boot information that a Multiboot1 kernel reads: Multiboot Specification 0.6.96, section 3.3.
#pragma once

#include "memory/block.hpp"
#include "memory/e820.hpp"
#include "memory/normalise.hpp"
#include "protocols/multiboot/header.hpp"
#include "protocols/multiboot/packer.hpp"
#include "protocols/protocol.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace baton::multiboot {

/// As the kernel reads it. Addresses are physical.
struct InformationFields {
    uint32_t flags;
    uint32_t lower_kib, upper_kib;
    uint32_t boot_device; // of a BIOS
    uint32_t command_line;
    uint32_t module_count, modules;
    uint32_t section_count, section_entry_bytes, sections, section_names;
    uint32_t memory_map_bytes, memory_map;
    uint32_t drives_bytes, drives, config_table; // a BIOS's
    uint32_t loader_name;
    uint32_t apm_table; // a BIOS's
    uint32_t vbe_control, vbe_mode_info;
    uint16_t vbe_mode, vbe_segment, vbe_offset, vbe_bytes;
    uint64_t framebuffer;
    uint32_t pitch, width, height;
    uint8_t bits_per_pixel, type;
    uint16_t unused; // where the text has the colours; GRUB and its multiboot.h have them after it
    uint8_t red_shift, red_bits, green_shift, green_bits, blue_shift, blue_bits;
    uint16_t padding;
};
static_assert(offsetof(InformationFields, framebuffer) == 88);
static_assert(offsetof(InformationFields, red_shift) == 112);

class Information final : public KernelRecord {
  public:
    /// All that is known, in frames below 4 GiB, and space for the memory map. Errors:
    /// section_outside_file, file_*, out_of_memory.
    static Result<Information*> make(const BootFacts& facts, const Header& header,
                                     std::size_t ranges, FrameSource& frames);

    VirtAddr address() const override { return {memory_.base.value}; }
    EntryState entry_state() const override;
    void set_memory_map(std::span<const TypedRange> ranges) override;
    void complete(const LastFacts& /*facts*/) override {}

    /// What lies at address() and after it.
    Bytes bytes() const { return memory_.bytes; }

  private:
    struct Parts;

    void put_all(const Parts& parts, Packer& packer);
    void put_command_line(const BootFacts& facts, Packer& packer);
    void put_modules(std::span<const Module> modules, Packer& packer);
    void put_screen(const BatonFramebuffer& screen, bool wants_video, Packer& packer);

    Block memory_;
    InformationFields fields_{};
    NormaliseBuffers buffers_{};
    std::span<E820Entry> map_;
    uint64_t map_place_ = 0;
};

} // namespace baton::multiboot

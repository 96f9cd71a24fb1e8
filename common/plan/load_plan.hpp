// SPDX-License-Identifier: BSD-2-Clause
//
// Decides what of an ELF file goes where. Words used here:
//   segment   one PT_LOAD program header with memory: bytes at virtual addresses
//   page run  pages with the same permissions, the union of those of the segments in them
//   region    pages without a gap, which get one contiguous block of physical memory
#pragma once

#include "abi/boot_info.h"
#include "core/address.hpp"
#include "core/arena.hpp"
#include "core/error.hpp"
#include "elf/image.hpp"
#include "memory/frame_source.hpp"
#include "paging/page_mapper.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace baton {

struct Segment {
    uint32_t program_header; // index in the file
    uint32_t flags;          // p_flags: elf::PF_R, PF_W, PF_X
    VirtRange memory;        // not empty; with the slide added
    uint64_t file_offset;    // the first file_bytes of the memory come from there
    uint64_t file_bytes;     // at most memory.bytes; the rest is zero
};

struct PageRun {
    VirtRange pages;
    Access access;
};

struct Region {
    VirtRange pages;
    PhysAddr physical; // of its first byte; set by place()
};

/// What an image needs of the address space, before it is decided where it goes.
struct ImageExtent {
    VirtAddr lowest;    // page of the lowest byte, as linked
    uint64_t pages;     // from there to the highest one; bytes would not count them all in 64 bits
    uint64_t alignment; // largest p_align, a page at least
};

/// PT_DYNAMIC.
struct DynamicSection {
    uint32_t program_header; // index in the file
    VirtRange file;          // p_filesz bytes from p_vaddr on, with the slide added; unchecked
};

/// All arrays are sorted by address, and no two of their elements overlap. Addresses have the slide
/// added to those of the file.
struct LoadPlan {
    VirtAddr entry;
    uint64_t slide;
    std::span<Segment> segments; // at least one
    std::span<PageRun> page_runs;
    std::span<Region> regions;
    uint32_t write_execute_runs = 0;     // how many page runs are writable and executable at once
    bool wants_executable_stack = false; // PT_GNU_STACK with PF_X
    BatonThreadLocalStorage tls{};       // PT_TLS
    std::optional<DynamicSection> dynamic{};

    /// Which region an address lies in; null: none.
    const Region* region_of(VirtAddr address) const;
    /// Where an address of a segment lies. place() has been called.
    PhysAddr physical(VirtAddr address) const;
    /// Whether any page of the kernel lies in `range`.
    bool touches(VirtRange range) const;
};

/// Checks each PT_LOAD header as far as that goes without knowing where the image will be.
/// Errors: segment_file_bytes_exceed_memory, segment_outside_file, segment_bad_alignment,
/// segment_wraps, no_loadable_segment, interpreter_wanted.
Result<ImageExtent> measure(const elf::Image& image);

/// Checks every segment of `image` and plans it at its linked addresses plus `slide`, without
/// allocating a frame. Virtual addresses have `bits` bits. The arrays are made in `arena`. Errors:
/// those of measure(), segment_not_canonical, segment_in_page_zero, segment_of_offsets,
/// segments_overlap, entry_*, tls_outside_image, relro_outside_image, out_of_memory.
Result<LoadPlan> plan_load(const elf::Image& image, uint64_t slide, unsigned bits, Arena& arena);

/// Allocates physical memory for each region: aligned so that 2 MiB pages can map it where it is
/// large enough for one and such memory is to be had. Error: out_of_memory.
Result<void> place(LoadPlan& plan, FrameSource& frames);

} // namespace baton

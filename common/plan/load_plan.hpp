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

/// Where a kernel's bytes are in physical memory.
enum class Placement : uint8_t {
    anywhere,  // each region has a place of its own
    one_block, // there is one region, from the lowest page to the highest
    physical,  // at p_paddr: stage 2 moves there what can't be loaded there
};

struct LoadRules {
    uint64_t slide = 0; // added to virtual addresses; without paging to p_paddr
    unsigned address_bits = 48;
    Placement placement = Placement::anywhere;
    /// For 32-bit code: the addresses of segments are those of p_paddr, below 4 GiB.
    bool without_paging = false;
    std::optional<uint64_t> entry = {}; // as linked, instead of e_entry
};

struct Segment {
    uint32_t program_header;  // index in the file
    uint32_t flags;           // p_flags: elf::PF_R, PF_W, PF_X
    VirtRange memory;         // not empty; with the slide added
    uint64_t to_physical = 0; // added to an address it gives p_paddr's; 0 in other placements
    uint64_t file_offset;     // the first file_bytes of the memory come from there
    uint64_t file_bytes;      // at most memory.bytes; the rest is zero
};

struct PageRun {
    VirtRange pages;
    Access access;
    uint64_t to_physical = 0; // as for its segments
};

/// Both addresses of its first byte are set by place().
struct Region {
    VirtRange pages;
    PhysAddr physical;    // when the kernel runs
    PhysAddr loaded = {}; // until stage 2 moves it; mostly the same
    PhysRange frames() const { return {physical, pages.bytes}; }
    bool is_moved() const { return loaded != physical; }
};

/// What a kernel without paging says of where it may be, instead of one place.
struct Relocatable {
    PhysAddr low;       // its first byte is there or higher
    PhysAddr end;       // its last byte is below
    uint64_t alignment; // of its first page
    bool lowest;        // the lowest place is preferred, else it is any
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
    Placement placement = Placement::anywhere;
    bool without_paging = false;
    std::optional<Relocatable> relocatable{};
    uint32_t write_execute_runs = 0;     // how many page runs are writable and executable at once
    bool wants_executable_stack = false; // PT_GNU_STACK with PF_X
    BatonThreadLocalStorage tls{};       // PT_TLS
    std::optional<DynamicSection> dynamic{};

    /// Which region an address lies in; null: none.
    const Region* region_of(VirtAddr address) const;
    /// Where an address of a segment lies when the kernel runs, and where it lies until then.
    /// place() has been called.
    PhysAddr physical(VirtAddr address) const;
    PhysAddr loaded(VirtAddr address) const;
    /// Whether any page of the kernel lies in `range`.
    bool touches(VirtRange range) const;
};

/// Checks each PT_LOAD header as far as that goes without knowing where the image will be.
/// Errors: segment_file_bytes_exceed_memory, segment_outside_file, segment_bad_alignment,
/// segment_wraps, no_loadable_segment, interpreter_wanted.
Result<ImageExtent> measure(const elf::Image& image);

/// Checks every segment of `image` and plans it by `rules`, without allocating a frame. The arrays
/// are made in `arena`. Errors: those of measure(), segment_not_canonical, segment_above_4_gib,
/// segment_in_page_zero, segment_of_offsets, segments_overlap, segments_share_page, entry_*,
/// tls_outside_image, relro_outside_image, out_of_memory.
Result<LoadPlan> plan_load(const elf::Image& image, const LoadRules& rules, Arena& arena);

/// Bytes of a file that is no ELF file, or that says otherwise what of it goes where.
struct FlatImage {
    uint64_t file_offset;
    uint64_t file_bytes;
    PhysRange memory; // not empty; zeroes follow the file's bytes
    PhysAddr entry;
};

/// Plans it for 32-bit code at its physical address. Errors: segment_above_4_gib,
/// segment_outside_file, segment_file_bytes_exceed_memory, entry_*, out_of_memory.
Result<LoadPlan> plan_flat(const FlatImage& image, uint64_t file_bytes, Arena& arena);

/// Finds physical memory for each region. With Placement::physical it is at its place where that is
/// free, else elsewhere until stage 2 moves it; no frame is handed out at such a place any more.
/// Other regions are aligned so that 2 MiB pages can map them where they are large enough for one
/// and such memory is to be had. A relocatable kernel is moved to where memory is free, and so are
/// all addresses of the plan. Errors: out_of_memory, no_place_for_kernel.
Result<void> place(LoadPlan& plan, FrameSource& frames);

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// Decides what of an ELF file goes where. Words used here:
//   segment   one PT_LOAD program header with memory: bytes at virtual addresses
//   page run  pages with the same permissions, the union of those of the segments in them
//   region    pages without a gap, which get one contiguous block of physical memory
#pragma once

#include "core/address.hpp"
#include "core/arena.hpp"
#include "core/error.hpp"
#include "elf/image.hpp"
#include "memory/frame_source.hpp"
#include "paging/page_mapper.hpp"

#include <cstdint>
#include <span>

namespace baton {

struct Segment {
    uint32_t program_header; // index in the file
    uint32_t flags;          // p_flags: elf::PF_R, PF_W, PF_X
    VirtRange memory;        // not empty
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

/// All arrays are sorted by address, and no two of their elements overlap.
struct LoadPlan {
    VirtAddr entry;
    std::span<Segment> segments; // at least one
    std::span<PageRun> page_runs;
    std::span<Region> regions;
    uint32_t write_execute_runs = 0; // how many page runs are writable and executable at once

    /// Where an address of a segment lies. place() has been called.
    PhysAddr physical(VirtAddr address) const;
    /// Whether any page of the kernel lies in `range`.
    bool touches(VirtRange range) const;
};

/// Arena bytes that plan_load() takes at the most for an image.
uint64_t load_plan_bytes(const elf::Image& image);

/// Checks every segment of `image` and plans it, without allocating a frame. The arrays are made in
/// `arena`. Errors: segment_*, segments_overlap, no_loadable_segment, interpreter_wanted,
/// entry_not_executable, out_of_memory (the arena is too small).
Result<LoadPlan> plan_load(const elf::Image& image, Arena& arena);

/// Allocates physical memory for each region: aligned so that 2 MiB pages can map it where it is
/// large enough for one and such memory is to be had. Error: out_of_memory.
Result<void> place(LoadPlan& plan, FrameSource& frames);

} // namespace baton

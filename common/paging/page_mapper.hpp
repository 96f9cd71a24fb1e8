// SPDX-License-Identifier: BSD-2-Clause
//
// Builds 4-level or 5-level page tables in frames from a FrameSource.
#pragma once

#include "core/address.hpp"
#include "core/error.hpp"
#include "memory/frame_source.hpp"

#include <cstdint>

namespace baton {

/// What may be done with a page other than read it. Writable and executable at once can't be said
/// by accident; the exception has a name of its own and is for pages of which the kernel's segments
/// demand both, and for runtime services that the kernel wants to call and of which nobody says
/// which part is code.
enum class Access { read_only, read_write, read_execute, kernel_demanded_write_execute };

/// How the processor caches a mapping.
enum class Caching { write_back, write_combining, uncacheable };

/// A run of pages to map. Addresses and size are multiples of 4096.
struct Mapping {
    VirtAddr virtual_base;
    PhysAddr physical_base;
    uint64_t bytes;
    Access access;
    Caching caching = Caching::write_back;
};

class PageMapper {
  public:
    struct Mode {
        bool huge_pages; // the processor has 1 GiB pages: CPUID 80000001h EDX bit 26
        bool five_level; // CR4.LA57 will be on
    };

    /// An address space with nothing mapped, with its root below 4 GiB: a processor that changes
    /// the number of levels loads CR3 in 32-bit mode. Error: out_of_memory.
    static Result<PageMapper> create(FrameSource& frames, Mode mode);

    /// Maps with the largest pages that alignment allows. All of `mapping` must be unmapped so far;
    /// after an error a part of it may be mapped.
    /// Errors: mapping_misaligned, mapping_not_canonical, mapping_exists, out_of_memory.
    Result<void> map(const Mapping& mapping);

    /// For CR3.
    PhysAddr root() const { return root_; }
    /// Frames that the tables take.
    uint64_t table_frames() const { return table_frames_; }

  private:
    PageMapper(FrameSource& frames, Mode mode) : frames_(&frames), mode_(mode) {}

    unsigned levels() const;
    Result<void> check(const Mapping& mapping) const;
    Result<PhysAddr> new_table(const FrameRequest& request);
    uint64_t* table(PhysAddr address) const;
    Result<uint64_t*> entry_at(VirtAddr address, unsigned level);
    unsigned largest_level(const Mapping& mapping) const;

    FrameSource* frames_;
    Mode mode_;
    PhysAddr root_{};
    uint64_t table_frames_ = 0;
};

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// The machine as the entry has left it: this image, and memory that is mapped where it lies.
#pragma once

#include "acpi/tables.hpp"
#include "core/address.hpp"
#include "core/error.hpp"
#include "memory/frame_source.hpp"

#include <span>

namespace baton {

/// What the entry's own page tables show.
inline constexpr uint64_t kInitiallyMapped = uint64_t{4} << 30;

/// Where this image lies, .bss and stack with it.
PhysRange image_range();

/// Memory as mapped by the entry.
class MappedMemory final : public acpi::PhysicalMemory {
  public:
    Bytes at(PhysAddr address, uint64_t bytes) const override {
        const bool is_mapped = address.value != 0 && fits(address.value, bytes, kInitiallyMapped);
        uint64_t place = address.value;
        asm("" : "+r"(place)); // known to be in the first page, g++ 13 would take it for null
        return is_mapped ? Bytes(reinterpret_cast<const std::byte*>(place), bytes) : Bytes{};
    }
};

/// Maps the lowest 4 GiB and `memory` where they lie, and loads these tables. Only this image's
/// code and `code` can be executed, and these and the image's constants not be written to. The
/// processor has NX. Error: out_of_memory.
Result<void> map_machine(FrameSource& frames, std::span<const PhysRange> memory, PhysRange code,
                         bool huge_pages);

/// Frequency of the time-stamp counter in Hz: what the processor or the hypervisor says, else
/// measured against the PIT, in about 4 ms; 0 where there is none.
uint64_t find_tsc_hz();

/// Seconds since 1970 by the PC's clock, which is taken to be UTC; 0 where there is none.
int64_t read_clock();

} // namespace baton

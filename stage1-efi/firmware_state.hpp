// SPDX-License-Identifier: BSD-2-Clause
//
// Memory that the firmware lives in right now, whatever its memory map says about it. U-Boot
// 2023.01 for x86-64 has its page tables and its stack in memory that it calls conventional.
#pragma once

#include "core/address.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace baton {

/// Ranges collected without an allocator. When the room is used up the last range grows over the
/// gap to the next: it then says too much, never too little.
class RangeSet {
  public:
    void add(PhysRange range);
    std::span<const PhysRange> ranges() const { return std::span(ranges_).first(count_); }

  private:
    static constexpr std::size_t kCapacity = 48;
    std::array<PhysRange, kCapacity> ranges_;
    std::size_t count_ = 0;
};

/// What the firmware needs as long as it runs.
struct FirmwareMemory {
    uint64_t cr3;
    RangeSet page_tables; // frames of the tables below cr3
    RangeSet occupied;    // these, the stack around the current frame, the GDT and the IDT
};
FirmwareMemory find_firmware_memory();

} // namespace baton

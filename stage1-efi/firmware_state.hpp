// SPDX-License-Identifier: BSD-2-Clause
//
// Memory that the firmware lives in right now, whatever its memory map says about it. U-Boot
// 2023.01 for x86-64 has its page tables and its stack in memory that it calls conventional.
#pragma once

#include "memory/range_set.hpp"

#include <cstdint>

namespace baton {

/// What the firmware needs as long as it runs.
struct FirmwareMemory {
    uint64_t cr3;
    RangeSet page_tables; // frames of the tables below cr3
    RangeSet occupied;    // these, the stack around the current frame, the GDT and the IDT
};
FirmwareMemory find_firmware_memory();

/// Frames of the firmware's current page tables that map what lies below `end`.
void add_page_tables(RangeSet& set, PhysAddr end);

} // namespace baton

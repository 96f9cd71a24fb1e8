// SPDX-License-Identifier: BSD-2-Clause
//
// What a boot makes of both address spaces, as plain data, and as a person or a program reads it.
#pragma once

#include "tools/baton/rehearsal.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace baton::tool {

/// A range of virtual addresses, and what is there.
struct VirtualPart {
    uint64_t base = 0;
    uint64_t bytes = 0;
    std::string access{}; // "r--", "rw-", "r-x", "rwx"; "---" for a guard page
    std::string what{};
    uint64_t physical = 0; // without a meaning for a guard page
};

/// Pages that the page tables map one after the other, with the same size and the same rights.
struct PageRange {
    uint64_t base = 0;
    uint64_t physical = 0;
    uint64_t page_bytes = 0; // 4 KiB, 2 MiB or 1 GiB
    uint64_t pages = 0;
    std::string access{};
    std::string caching{}; // "write-back", "write-combining", "uncacheable"
};

struct PhysicalPart {
    uint64_t base = 0;
    uint64_t bytes = 0;
    std::string type{};
    std::string what{}; // that the loader has put there; empty for others
};

/// Bytes that stage 2 moves to where the kernel's file has them, once the firmware is gone.
struct Move {
    uint64_t from = 0;
    uint64_t to = 0;
    uint64_t bytes = 0;
};

struct PlanReport {
    std::string kernel{};
    std::string protocol{};
    bool is_32_bit = false; // the kernel is entered without paging: the page tables are stage 2's
    uint64_t entry = 0;
    uint64_t slide = 0;
    uint64_t root = 0; // of the page tables
    unsigned levels = 4;
    uint64_t table_frames = 0;
    std::vector<VirtualPart> parts{};     // by address
    std::vector<PageRange> pages{};       // by address
    std::vector<Move> moves{};            // by address of the kernel
    std::vector<PhysicalPart> physical{}; // by address; the memory map
};

/// Of a rehearsal without an error: read from the page tables that it made.
PlanReport report_on(const Rehearsal& rehearsal);

std::string as_table(const PlanReport& report);
std::string as_json(const PlanReport& report);
/// A picture of both address spaces, and what is where.
std::string as_svg(const PlanReport& report);

} // namespace baton::tool

// SPDX-License-Identifier: BSD-2-Clause
//
// What every check works on, and the checks.
#pragma once

#include "page_tables.hpp"
#include "parameters.hpp"
#include "promise.hpp"

#include <baton/boot_info.hpp>

#include <cstdint>

struct Context {
    const BatonBootInfo& info;
    const Parameters& parameters;
    uint64_t checker_start; // the address of entry.asm's first byte
    PageTables tables;      // the ones that the kernel runs on
    Tally& tally;

    baton::BootInfoView view() const { return baton::BootInfoView(info); }
    /// The type of the page at a physical address; 0 where the memory map says nothing.
    uint32_t memory_type(uint64_t physical) const;
    /// Whether each byte of the range has type `type` in the memory map.
    bool is_all(uint64_t physical, uint64_t bytes, uint32_t type) const;
};

void check_segments(Context& context);
void check_segment_pages(Context& context);
void check_address_space(Context& context);

/// Overwrites all memory that the map calls usable.
void fill_usable_memory(const Context& context);
/// Overwrites what is writable in the kernel's segments.
void fill_segments(const Context& context);

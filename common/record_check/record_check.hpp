// SPDX-License-Identifier: BSD-2-Clause
//
// Whether stage 2 can execute a handoff record: H10 and H17 of docs/handoff-abi.md.
#pragma once

#include "abi/handoff.h"
#include "paging/page_walk.hpp"

#include <cstdint>

namespace baton {

/// The machine that is to execute a record.
struct HandoffMachine {
    uint64_t block; // address of stage 2
    unsigned physical_bits;
    bool has_no_execute;
    bool has_five_levels;
    bool five_levels_now; // CR4.LA57 is set
    bool from_32_bits;    // by the 32-bit entry: only the lowest 4 GiB are mapped
};

inline constexpr BatonHandoffRefusal kNotRefused{};

/// The first reason to refuse the record, or kNotRefused. Reads the record and its segment array.
BatonHandoffRefusal check_record(const BatonHandoff& record, const HandoffMachine& machine);

/// Whether page tables map a page to itself, for an access that could fail with this error code. A
/// table that can't be read is taken for good, unless all of them must be readable.
bool maps_to_itself(uint64_t page, uint64_t error_code, const PagingMode& tables,
                    const MemoryReader& memory, bool all_readable);

} // namespace baton

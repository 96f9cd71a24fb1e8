// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "abi/handoff.h"
#include "stage2-stub/mapping_check.hpp"

namespace baton::stage2 {

/// What starting them needs of the record's page tables.
void check_mappings_of_processors(const BatonHandoff& record, const MappingCheck& check);

/// Its page is read-only: before write protection is on again.
void fill_in_trampoline(const BatonHandoff& record);

/// The record's other processors: started all at once, waited for, and parked. What becomes of each
/// is in its outcome word; one that isn't parked is named on the ports. Does not return if that
/// must not be.
void start_processors(BatonHandoff& record);

} // namespace baton::stage2

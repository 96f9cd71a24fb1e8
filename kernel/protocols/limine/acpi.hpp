// SPDX-License-Identifier: BSD-2-Clause
//
// Where ACPI's tables are.
#pragma once

#include <cstdint>

/// Calls `use(address, bytes)` for the root pointer at this physical address and each table that it
/// leads to, FACS and DSDT among them. `direct_map` shows them.
void for_each_acpi_table(uint64_t direct_map, uint64_t root_pointer,
                         void (*use)(uint64_t address, uint64_t bytes));

// SPDX-License-Identifier: BSD-2-Clause
//
// The tables that the EFI system table leads to, and what they lead to: much of it lies in memory
// that the firmware's map gives away once boot services are gone.
#pragma once

#include "acpi/tables.hpp"
#include "memory/range_set.hpp"

namespace baton {

/// Adds where the system table at `system_table` lies, with its texts and its list; each table of
/// the list; and the ACPI, SMBIOS and TPM data that these lead to. Of a table whose length isn't
/// known, or makes no sense, it adds the beginning: its page is kept. Whatever is not in `memory`
/// is left out.
void add_efi_tables(const acpi::PhysicalMemory& memory, PhysAddr system_table, RangeSet& ranges);

} // namespace baton

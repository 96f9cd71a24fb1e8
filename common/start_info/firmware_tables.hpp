// SPDX-License-Identifier: BSD-2-Clause
//
// What is known of the firmware beyond what the start information says: the tables that it left in
// memory.
#pragma once

#include "memory/range_set.hpp"
#include "start_info/start_info.hpp"

#include <array>

namespace baton {

struct FirmwareTables {
    PhysAddr rsdp{};    // of ACPI; 0: none, as for the others
    PhysAddr smbios{};  // the entry point of SMBIOS 2.x
    PhysAddr smbios3{}; // of SMBIOS 3.x
    // Of EFI's system table, where there is one.
    PhysAddr efi_system_table{};
    uint32_t uefi_revision = 0;
    uint32_t firmware_revision = 0;
    std::array<char, 64> firmware_vendor{}; // ASCII, NUL-terminated
    // Without EFI: where all these lie, and what they lead to. A kernel will want to read it.
    RangeSet ranges;
    RangeSet efi_ranges; // with EFI: the same, by add_efi_tables()
};

/// By EFI's system table, if that is one; else SMBIOS from the BIOS's memory, and ACPI too where
/// `info` has no root pointer, or only a copy of one.
FirmwareTables find_firmware_tables(const StartInfo& info, const acpi::PhysicalMemory& memory);

} // namespace baton

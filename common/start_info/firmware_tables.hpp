// SPDX-License-Identifier: BSD-2-Clause
//
// What is known of the firmware beyond what the start information says: the tables that it left in
// memory.
#pragma once

#include "memory/range_set.hpp"
#include "start_info/start_info.hpp"

#include <array>
#include <cstddef>
#include <string_view>

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

/// How an entry point of SMBIOS begins, and where its length is: SMBIOS 3.6 section 5.2.
struct SmbiosAnchor {
    std::string_view text;
    std::size_t length_at;
};
inline constexpr SmbiosAnchor kSmbios{"_SM_", 5};
inline constexpr SmbiosAnchor kSmbios3{"_SM3_", 6};

/// All of an entry point, with a good checksum; empty where there is none.
Bytes smbios_entry_point(const acpi::PhysicalMemory& memory, PhysAddr address,
                         const SmbiosAnchor& anchor);

/// By EFI's system table, if that is one; else SMBIOS from the BIOS's memory, and ACPI too where
/// `info` has no root pointer, or only a copy of one.
FirmwareTables find_firmware_tables(const StartInfo& info, const acpi::PhysicalMemory& memory);

} // namespace baton

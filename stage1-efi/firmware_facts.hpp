// SPDX-License-Identifier: BSD-2-Clause
//
// What the firmware knows and the kernel needs: tables, clock, Secure Boot.
#pragma once

#include "memory/efi_runtime.hpp"
#include "protocols/facts.hpp"
#include "stage1-efi/efi.hpp"

namespace baton {

/// The address of a table that the system table lists; 0: it doesn't.
uint64_t find_table(const EFI_SYSTEM_TABLE& system, const EFI_GUID& guid);

/// The ACPI root pointer, of the newest revision that the firmware has; 0: there is none.
uint64_t find_rsdp(const efi::Firmware& firmware);

/// From the variables SecureBoot and SetupMode.
BatonSecureBoot find_secure_boot(const efi::Firmware& firmware);

/// Fills in the physical addresses of the tables that the system table lists, and its own;
/// revisions; the clock. Texts are not filled in.
void add_firmware_facts(const efi::Firmware& firmware, MachineFacts& facts);

/// The descriptors of the memory attributes table (UEFI 2.10 section 4.6.4); none where there is no
/// such table.
EfiMemoryMap memory_attributes(const efi::Firmware& firmware);

/// Whether SetVirtualAddressMap can be called after ExitBootServices, as far as the firmware says
/// beforehand: UEFI 2.10 section 4.6.2, EFI_RT_PROPERTIES_TABLE.
bool can_map_runtime_services(const efi::Firmware& firmware);

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// Multiboot2: EAX holds a magic number, EBX the address of the boot information (Multiboot2
// Specification 2.0, section 3.6).
#pragma once

#include "start_info/multiboot2_format.hpp"
#include "start_info/start_info.hpp"

namespace baton {

/// Fills in `info`, which is as new. The root pointer of ACPI and an EFI memory map are copies,
/// within the boot information. Errors: start_info_malformed, start_memory_map_missing,
/// start_module_malformed, start_info_out_of_reach, start_info_too_long.
Result<void> read_multiboot2(PhysAddr address, const acpi::PhysicalMemory& memory, StartInfo& info);

} // namespace baton

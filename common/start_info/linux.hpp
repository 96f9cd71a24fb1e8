// SPDX-License-Identifier: BSD-2-Clause
//
// The Linux boot protocol for x86: RSI holds the address of the boot parameters, the "zero page"
// (Linux's documentation, arch/x86/boot and arch/x86/zero-page).
#pragma once

#include "start_info/start_info.hpp"

namespace baton {

/// Fills in `info`, which is as new. The initial ramdisk is the one module. Errors:
/// start_info_unknown, start_info_malformed, start_memory_map_missing, start_module_malformed,
/// start_text_endless, start_info_out_of_reach, start_info_too_long.
Result<void> read_linux_boot(PhysAddr address, const acpi::PhysicalMemory& memory, StartInfo& info);

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// PVH: EBX holds the address of a hvm_start_info (Xen's public header arch-x86/hvm/start_info.h).
#pragma once

#include "start_info/hvm_format.hpp"
#include "start_info/start_info.hpp"

namespace baton {

/// Fills in `info`, which is as new. A structure of version 0 has no memory map: a program that
/// writes one has a hypercall for it. Errors: start_info_unknown, start_memory_map_missing,
/// start_module_malformed, start_text_endless, start_info_out_of_reach, start_info_too_long.
Result<void> read_hvm_start(PhysAddr address, const acpi::PhysicalMemory& memory, StartInfo& info);

} // namespace baton

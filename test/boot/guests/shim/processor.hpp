// SPDX-License-Identifier: BSD-2-Clause
//
// The state that the firmware leaves the processor in.
#pragma once

extern "C" {
#include <efi.h>
}

namespace shim {

/// Odd values where the UEFI calling convention allows them, and where it says nothing.
void dirty_processor();

/// The same mappings, with one more level of page tables above them. Gives up where the processor
/// can't.
void enter_five_level_paging();

/// The page of 2 MiB that maps `address` becomes a table of 4 KiB pages, with the same attributes.
void split_large_page(UINT64 address);

} // namespace shim

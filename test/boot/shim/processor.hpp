// SPDX-License-Identifier: BSD-2-Clause
//
// The state that the firmware leaves the processor in.
#pragma once

namespace shim {

/// Odd values where the UEFI calling convention allows them, and where it says nothing.
void dirty_processor();

/// The same mappings, with one more level of page tables above them. Gives up where the processor
/// can't.
void enter_five_level_paging();

} // namespace shim

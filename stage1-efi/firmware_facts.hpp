// SPDX-License-Identifier: BSD-2-Clause
//
// What the firmware knows and the kernel wants: tables, clock, Secure Boot.
#pragma once

#include "abi/boot_info.h"
#include "stage1-efi/efi.hpp"

namespace baton {

/// Fills in the physical addresses of the tables that the system table lists, and its own;
/// revisions; Secure Boot; the clock. Texts are not filled in.
void add_firmware_facts(const efi::Firmware& firmware, BatonBootInfo& info);

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// What one boot leaves for the next in a non-volatile variable of the firmware's.
#pragma once

#include "handoff/log.hpp"
#include "plan/previous_boot.hpp"
#include "stage1-efi/efi.hpp"
#include "stage1-efi/firmware_state.hpp"

namespace baton {

/// Finds out about the previous boot, and logs it. To be called before anything is allocated that
/// might lie where its crash record is.
PreviousBoot find_previous_boot(const efi::Firmware& firmware, const FirmwareMemory& occupied,
                                Log& log);

/// Leaves `mark` for the next boot. The firmware's flash memory is written only if that changes it.
/// A firmware that doesn't take it is logged, nothing more.
void leave_boot_mark(const efi::Firmware& firmware, const BootMark& mark, Log& log);

/// Leaves nothing, and does away with what an earlier boot has left.
void leave_no_boot_mark(const efi::Firmware& firmware);

} // namespace baton

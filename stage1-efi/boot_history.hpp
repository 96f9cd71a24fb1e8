// SPDX-License-Identifier: BSD-2-Clause
//
// What one boot leaves for the next in one of the firmware's non-volatile variables.
#pragma once

#include "fault/previous_boot.hpp"
#include "log/log.hpp"
#include "stage1-efi/efi.hpp"
#include "stage1-efi/firmware_state.hpp"

namespace baton {

/// Reads what the previous boot has left, and logs it. Call it before anything is allocated that
/// might lie where its crash record is.
PreviousBoot find_previous_boot(const efi::Firmware& firmware, const FirmwareMemory& occupied,
                                Log& log);

/// Leaves `mark` for the next boot. Writes the firmware's flash memory only if that changes it.
/// A failure is logged, nothing more.
void leave_boot_mark(const efi::Firmware& firmware, const BootMark& mark, Log& log);

/// Leaves nothing, and deletes what an earlier boot has left.
void leave_no_boot_mark(const efi::Firmware& firmware);

} // namespace baton

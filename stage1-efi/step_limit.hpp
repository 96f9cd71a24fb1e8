// SPDX-License-Identifier: BSD-2-Clause
//
// A hang inside the firmware ends in a reset: its watchdog runs while stage 1 does (UEFI 2.10
// section 7.5, SetWatchdogTimer).
#pragma once

#include "stage1-efi/efi.hpp"

#include <cstdint>

namespace baton {

/// From here on the firmware resets the machine when kStepSeconds pass without a call of
/// renew_step_limit().
void start_step_limit(const efi::Firmware& firmware);
/// Call before a call of a driver that handles this many bytes. Does nothing where there is no
/// limit.
void renew_step_limit(uint64_t bytes = 0);
/// Ends the limit: stage 1 waits for a person, or ends.
void end_step_limit();

/// What firmware gives a boot option (UEFI 2.10 section 3.1.2); decompression is one step.
inline constexpr uint64_t kStepSeconds = 300;
/// The slowest medium that is waited for: a remote disk over a bad line.
inline constexpr uint64_t kSlowestBytesPerSecond = uint64_t{64} << 10;

} // namespace baton

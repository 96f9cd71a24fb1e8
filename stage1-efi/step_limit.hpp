// SPDX-License-Identifier: BSD-2-Clause
//
// A hang inside the firmware ends in a reset: its watchdog runs while stage 1 does (UEFI 2.10
// section 7.5, SetWatchdogTimer).
#pragma once

#include "stage1-efi/efi.hpp"

#include <cstdint>

namespace baton {

/// From here on the firmware resets the machine after kStepSeconds in which no other call of these
/// functions comes.
void start_step_limit(const efi::Firmware& firmware);
/// Nothing is limited any more: somebody is waited for, or stage 1 ends.
void end_step_limit();

/// While it is there, the limit is shorter: that of one call of a driver, which handles so many
/// bytes. None where there is no limit.
class CallLimit {
  public:
    explicit CallLimit(uint64_t bytes = 0);
    ~CallLimit();
    CallLimit(const CallLimit&) = delete;
    CallLimit& operator=(const CallLimit&) = delete;
};

/// What firmware gives a boot option (UEFI 2.10 section 3.1.2); decompression is one step.
inline constexpr uint64_t kStepSeconds = 300;
/// A call of a driver that finds a disk asleep, or a name on a slow one.
inline constexpr uint64_t kCallSeconds = 60;
/// The slowest medium that is waited for: a remote disk over a bad line.
inline constexpr uint64_t kSlowestBytesPerSecond = uint64_t{64} << 10;

} // namespace baton

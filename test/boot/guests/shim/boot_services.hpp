// SPDX-License-Identifier: BSD-2-Clause
//
// The firmware's services as the loader sees them, with the shim's hooks.
#pragma once

#include "firmware.hpp"

namespace shim {

/// From now on the system table has copies of the boot and runtime services, in which hooks are
/// put. What the firmware itself calls are the originals.
void hook_services();

/// What the loader has, by the calls that it made.
struct Held {
    UINTN pages;
    UINTN pools;
    UINTN files;
};
Held held();
/// Gives all of it back, when the loader is gone.
void free_what_is_held();

/// In that many first calls, ExitBootServices makes an allocation before it looks at the key.
inline UINTN exits_that_allocate = 0;

/// Whether the loader's calls are told when it leaves the firmware.
inline bool calls_are_told = false;
/// Whether each SetWatchdogTimer is shown.
inline bool watchdog_is_shown = false;
/// The watchdog is set to one part in so many of the seconds.
inline UINTN watchdog_divisor = 1;

/// While this is not null, ExitBootServices does not leave the firmware, but ends this image: the
/// loader would have booted.
inline EFI_HANDLE image_that_must_not_leave = nullptr;
/// With what it then comes back.
inline constexpr EFI_STATUS kWouldHaveBooted = EFI_SUCCESS;

} // namespace shim

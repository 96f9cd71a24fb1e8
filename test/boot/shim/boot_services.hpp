// SPDX-License-Identifier: BSD-2-Clause
//
// Boot services as the loader sees them: the firmware's, with the shim's hooks.
#pragma once

#include "firmware.hpp"

namespace shim {

/// From now on the system table has a copy of the boot services, in which hooks are put. What the
/// firmware itself calls is the original.
void hook_boot_services();

/// What the loader has, by the calls that it made.
struct Held {
    UINTN pages;
    UINTN pools;
    UINTN files;
};
Held held();

} // namespace shim

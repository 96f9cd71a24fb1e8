// SPDX-License-Identifier: BSD-2-Clause
//
// How much memory the firmware has.
#pragma once

#include "firmware.hpp"

namespace shim {

/// Takes all free memory between 1 MiB and 4 GiB but so many MiB in one piece.
void leave_low_memory(std::string_view mib);

} // namespace shim

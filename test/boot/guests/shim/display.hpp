// SPDX-License-Identifier: BSD-2-Clause
//
// Displays that the machine has not.
#pragma once

#include "firmware.hpp"

namespace shim {

/// "WIDTH HEIGHT FORMAT": a display whose pixels are in memory of their own; its other mode is half
/// as wide and high.
void add_display(std::string_view arguments);
/// "BYTES": an EDID on each display.
void add_edid(std::string_view arguments);

} // namespace shim

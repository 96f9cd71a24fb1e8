// SPDX-License-Identifier: BSD-2-Clause
//
// UEFI variables that the firmware has not.
#pragma once

#include "firmware.hpp"

namespace shim {

/// "NAME VALUE": GetVariable gives this byte, whatever the vendor's GUID.
void set_variable(std::string_view arguments);

} // namespace shim

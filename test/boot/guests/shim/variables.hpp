// SPDX-License-Identifier: BSD-2-Clause
//
// UEFI variables that the firmware has not.
#pragma once

#include "firmware.hpp"

namespace shim {

/// Puts GetVariable with these variables into the loader's services.
void hook_get_variable(EFI_RUNTIME_SERVICES& runtime);

/// "NAME VALUE": GetVariable gives this byte, whatever the vendor's GUID.
void set_variable(std::string_view arguments);

/// A table says that there is no SetVirtualAddressMap (UEFI 2.10 section 4.6.2).
void deny_runtime_map();

} // namespace shim

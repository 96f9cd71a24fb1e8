// SPDX-License-Identifier: BSD-2-Clause
//
// What the firmware knows and the kernel wants: framebuffers, ACPI, SMBIOS.
#pragma once

#include "abi/boot_info.h"
#include "stage1-efi/efi.hpp"

#include <optional>

namespace baton {

/// The framebuffer of the first Graphics Output Protocol that has a linear one, in the mode that is
/// set. `address` is left 0.
std::optional<BatonFramebuffer> find_framebuffer(const efi::Firmware& firmware);

/// Fills in the physical addresses of the tables that the system table lists, and its own.
void add_firmware_tables(const efi::Firmware& firmware, BatonBootInfo& info);

} // namespace baton

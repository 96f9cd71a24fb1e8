// SPDX-License-Identifier: BSD-2-Clause
//
// What the processor is and how the firmware left it.
#pragma once

#include "abi/boot_info.h"

namespace baton {

/// Control registers, EFER, PAT and MTRRs as they are now.
BatonFirmwareState read_firmware_state();

/// SVM, VMX and the hypervisor underneath.
BatonVirtualization read_virtualization();

} // namespace baton

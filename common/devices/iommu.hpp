// SPDX-License-Identifier: BSD-2-Clause
//
// Turning off IOMMUs that the firmware leaves on: devices access physical memory, and their
// interrupts come as they are.
#pragma once

#include "devices/registers.hpp"

#include <cstdint>

namespace baton {

inline constexpr uint64_t kAmdIommuBytes = 0x3000; // of its registers, as far as they are used

/// Intel VT-d 4.1 chapter 11. Waits for a bounded time.
void stop_intel_iommu(PhysAddr registers, DeviceRegisters& machine);

/// AMD I/O Virtualization 3.08 section 3.4. Waits for a bounded time.
void stop_amd_iommu(PhysAddr registers, DeviceRegisters& machine);

} // namespace baton

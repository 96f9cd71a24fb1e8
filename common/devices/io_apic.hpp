// SPDX-License-Identifier: BSD-2-Clause
//
// The I/O APIC: Intel 82093AA section 3.
#pragma once

#include "devices/registers.hpp"

#include <cstdint>

namespace baton::io_apic {

inline constexpr uint64_t kSelect = 0x00, kWindow = 0x10;

/// Of the lower half of a pin's entry; the upper half, with the destination, comes after.
constexpr uint32_t entry(uint32_t pin) {
    return 0x10 + 2 * pin;
}

uint32_t read(PhysAddr registers, uint32_t index, DeviceRegisters& machine);
void write(PhysAddr registers, uint32_t index, uint32_t value, DeviceRegisters& machine);
/// Not more than 255.
uint32_t last_pin(PhysAddr registers, DeviceRegisters& machine);

} // namespace baton::io_apic

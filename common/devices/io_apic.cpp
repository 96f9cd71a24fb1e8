// SPDX-License-Identifier: BSD-2-Clause
#include "devices/io_apic.hpp"

namespace baton::io_apic {

uint32_t read(PhysAddr registers, uint32_t index, DeviceRegisters& machine) {
    machine.write(registers + kSelect, index);
    return machine.read(registers + kWindow);
}

void write(PhysAddr registers, uint32_t index, uint32_t value, DeviceRegisters& machine) {
    machine.write(registers + kSelect, index);
    machine.write(registers + kWindow, value);
}

uint32_t last_pin(PhysAddr registers, DeviceRegisters& machine) {
    constexpr uint32_t kVersion = 1;
    return read(registers, kVersion, machine) >> 16 & 0xff;
}

} // namespace baton::io_apic

// SPDX-License-Identifier: BSD-2-Clause
//
// A watchdog: an NMI after some seconds, unless it is disarmed. NMIs, since a kernel is entered
// with interrupts off, and a kernel that hangs keeps them off. A timer of the HPET raises one
// through the I/O APIC (IA-PC HPET 1.0a section 2.3; Intel 82093AA section 3.2).
#pragma once

#include "abi/boot_info.h"
#include "acpi/tables.hpp"
#include "core/address.hpp"
#include "devices/registers.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace baton {

struct WatchdogDevices {
    PhysAddr timers; // of the HPET
    acpi::IoApic io_apic;
    uint8_t processor; // its APIC id
};

/// The page that has a device's registers. They will be identity-mapped.
constexpr PhysRange watchdog_page(PhysAddr registers) {
    return page_cover(PhysRange{registers, 1});
}

/// Which timer to use, and how.
struct WatchdogPlan {
    WatchdogDevices devices;
    uint64_t ticks;
    uint32_t timer;
    uint32_t pin;           // of the I/O APIC
    uint32_t configuration; // of the timer, as it was
    uint32_t general;       // of all of the HPET, as it was
};

/// The last timer that can be routed to a pin that nobody uses. No value where there is none, or
/// none that can wait for so long. Changes nothing that somebody could notice.
std::optional<WatchdogPlan> plan_watchdog(const WatchdogDevices& devices, uint32_t seconds,
                                          DeviceRegisters& registers);

/// From now on the time runs.
void arm_watchdog(const WatchdogPlan& plan, DeviceRegisters& registers);

/// What disarms it, in this order: the timer is stopped, the pin is masked, and the HPET is as it
/// was. For a kernel that has the registers mapped at their physical addresses.
std::array<BatonRegisterWrite, 4> disarm_watchdog(const WatchdogPlan& plan);

} // namespace baton

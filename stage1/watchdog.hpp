// SPDX-License-Identifier: BSD-2-Clause
//
// The watchdog of this machine.
#pragma once

#include "devices/watchdog.hpp"

#include <optional>
#include <span>

namespace baton {

/// `rsdp`: the ACPI root pointer, 0 where there is none; memory is mapped where it lies. No value
/// where the machine has no HPET or no I/O APIC, or they can't be used, or lie at one of the
/// addresses of `avoid`.
std::optional<WatchdogPlan> find_watchdog(PhysAddr rsdp, uint32_t seconds,
                                          std::span<const PhysRange> avoid);

/// Arms it. The firmware is gone: nobody else uses these devices.
void start_watchdog(const WatchdogPlan& plan);

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// The watchdog of this machine.
#pragma once

#include "plan/watchdog.hpp"
#include "stage1-efi/efi.hpp"

#include <optional>
#include <span>

namespace baton {

/// The page that has a device's registers. They will be identity-mapped.
PhysRange watchdog_page(PhysAddr registers);

/// No value where the machine has no HPET or no I/O APIC, or they can't be used, or lie at one of
/// the addresses of `avoid`.
std::optional<WatchdogPlan> find_watchdog(const efi::Firmware& firmware, uint32_t seconds,
                                          std::span<const PhysRange> avoid);

/// Arms it. Boot services are gone: nobody else uses these devices.
void start_watchdog(const WatchdogPlan& plan);

} // namespace baton

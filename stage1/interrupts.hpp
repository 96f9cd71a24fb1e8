// SPDX-License-Identifier: BSD-2-Clause
//
// The interrupt controllers and IOMMUs of this machine.
#pragma once

#include "devices/interrupts.hpp"

#include <span>

namespace baton {

/// `rsdp`: the ACPI root pointer, 0 where there is none; memory is mapped where it lies. `memory`:
/// where no registers are.
InterruptPlan find_interrupts(PhysAddr rsdp, const InterruptChoice& choice,
                              std::span<const PhysRange> memory);

/// The firmware is gone: nobody else uses these devices.
void mask_interrupts(const InterruptPlan& plan);

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// The local APIC of the processor that runs, in either of its modes: Intel SDM 3A chapter 10.
#pragma once

#include "devices/interrupts.hpp"
#include "devices/registers.hpp"

namespace baton::local_apic {

/// 0: they are model-specific registers.
PhysAddr registers(MachineRegisters& machine);

/// Whether it has an entry for corrected machine checks, where the processor has machine checks.
bool has_corrected_errors(MachineRegisters& machine);

/// On, with the spurious vector FFh and priority 0, and its entries masked but for SMI and INIT.
void initialise(const InterruptPlan::LocalApic& plan, MachineRegisters& machine);

} // namespace baton::local_apic

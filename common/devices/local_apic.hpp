// SPDX-License-Identifier: BSD-2-Clause
//
// The local APIC of the processor that runs, in either of its modes: Intel SDM 3A chapter 10.
#pragma once

#include "devices/interrupts.hpp"
#include "devices/registers.hpp"

namespace baton {

// What an entry of a local or an I/O APIC has in common with the other's.
namespace delivery {

inline constexpr uint32_t kMasked = 1 << 16;
// Sets of delivery modes, bits (1 << mode).
inline constexpr uint32_t kOfDevices = 1 << 0 | 1 << 1;               // fixed, lowest priority
inline constexpr uint32_t kInterrupts = kOfDevices | 1 << 4 | 1 << 7; // and NMI, ExtINT

constexpr bool is_one_of(uint32_t entry, uint32_t modes) {
    return (modes >> (entry >> 8 & 7) & 1) != 0;
}

} // namespace delivery

namespace local_apic {

/// 0: they are model-specific registers.
PhysAddr registers(MachineRegisters& machine);

/// Whether it has an entry for corrected machine checks, where the processor has machine checks.
bool has_corrected_errors(MachineRegisters& machine);

/// On, with the spurious vector FFh and priority 0, and its entries masked but for SMI and INIT.
void initialise(const InterruptPlan::LocalApic& plan, MachineRegisters& machine);

} // namespace local_apic
} // namespace baton

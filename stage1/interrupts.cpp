// SPDX-License-Identifier: BSD-2-Clause
#include "stage1/interrupts.hpp"

#include "cpu/constants.hpp"
#include "stage1/machine_registers.hpp"
#include "stage1/processor.hpp"

namespace baton {

InterruptPlan find_interrupts(PhysAddr rsdp, const InterruptChoice& choice,
                              std::span<const PhysRange> memory) {
    constexpr uint32_t kMachineChecks = 1 << 14, kApic = 1 << 9; // CPUID 1 EDX
    const uint32_t features = cpu::cpuid(cpu::kCpuidFeatures).edx;
    ThisMachine machine;
    return plan_interrupts(choice, IdentityMemory(), rsdp,
                           {.has_local_apic = (features & kApic) != 0,
                            .apic_id = read_local_apic().id,
                            .has_machine_checks = (features & kMachineChecks) != 0},
                           memory, machine);
}

void mask_interrupts(const InterruptPlan& plan) {
    ThisMachine machine;
    mask_interrupts(plan, machine);
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
#include "stage1/interrupts.hpp"

#include "cpu/constants.hpp"
#include "stage1/machine_registers.hpp"

namespace baton {

namespace {

/// Intel SDM 2A, CPUID: all 32 bits where there is a leaf for them.
uint32_t apic_id() {
    constexpr uint32_t kTopology = 0xb;
    const bool has_topology = cpu::cpuid(0).eax >= kTopology && cpu::cpuid(kTopology).ebx != 0;
    return has_topology ? cpu::cpuid(kTopology).edx : cpu::cpuid(cpu::kCpuidFeatures).ebx >> 24;
}

} // namespace

InterruptPlan find_interrupts(PhysAddr rsdp, const InterruptChoice& choice,
                              std::span<const PhysRange> memory) {
    constexpr uint32_t kMachineChecks = 1 << 14, kApic = 1 << 9; // CPUID 1 EDX
    const uint32_t features = cpu::cpuid(cpu::kCpuidFeatures).edx;
    ThisMachine machine;
    return plan_interrupts(choice, IdentityMemory(), rsdp,
                           {.has_local_apic = (features & kApic) != 0,
                            .apic_id = apic_id(),
                            .has_machine_checks = (features & kMachineChecks) != 0},
                           memory, machine);
}

void mask_interrupts(const InterruptPlan& plan) {
    ThisMachine machine;
    mask_interrupts(plan, machine);
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
#include "stage1/watchdog.hpp"

#include "cpu/instructions.hpp"
#include "stage1/machine_registers.hpp"

#include <algorithm>

namespace baton {
namespace {

bool has_local_apic() {
    constexpr uint32_t kMsrApicBase = 0x1b;
    constexpr uint64_t kEnabled = uint64_t{1} << 11; // Intel SDM 3A section 10.4.3
    constexpr uint32_t kApic = 1 << 9;               // CPUID 1 EDX
    return (cpu::cpuid(1).edx & kApic) != 0 && (cpu::read_msr(kMsrApicBase) & kEnabled) != 0;
}

uint8_t local_apic_id() {
    return static_cast<uint8_t>(cpu::cpuid(1).ebx >> 24);
}

bool is_free(PhysRange page, std::span<const PhysRange> avoid) {
    return std::none_of(avoid.begin(), avoid.end(),
                        [&](const PhysRange& range) { return range.overlaps(page); });
}

} // namespace

std::optional<WatchdogPlan> find_watchdog(PhysAddr rsdp, uint32_t seconds,
                                          std::span<const PhysRange> avoid) {
    ThisMachine machine;
    const IdentityMemory memory;
    const auto timers = acpi::timer_block(acpi::find_table(memory, rsdp, "HPET"));
    const auto io_apic = acpi::first_io_apic(acpi::find_table(memory, rsdp, "APIC"));
    if (!timers || !io_apic || !has_local_apic() || !is_free(watchdog_page(*timers), avoid) ||
        !is_free(watchdog_page(io_apic->registers), avoid))
        return {};
    return plan_watchdog({.timers = *timers, .io_apic = *io_apic, .processor = local_apic_id()},
                         seconds, machine);
}

void start_watchdog(const WatchdogPlan& plan) {
    ThisMachine machine;
    arm_watchdog(plan, machine);
}

} // namespace baton

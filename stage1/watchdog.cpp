// SPDX-License-Identifier: BSD-2-Clause
#include "stage1/watchdog.hpp"

#include "stage1/machine_registers.hpp"
#include "stage1/processor.hpp"

#include <algorithm>

namespace baton {
namespace {

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
    const LocalApic apic = read_local_apic();
    if (!timers || !io_apic || !apic.is_on || !is_free(watchdog_page(*timers), avoid) ||
        !is_free(watchdog_page(io_apic->registers), avoid))
        return {};
    return plan_watchdog(
        {.timers = *timers, .io_apic = *io_apic, .processor = static_cast<uint8_t>(apic.id)},
        seconds, machine);
}

void start_watchdog(const WatchdogPlan& plan) {
    ThisMachine machine;
    arm_watchdog(plan, machine);
}

} // namespace baton

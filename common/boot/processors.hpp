// SPDX-License-Identifier: BSD-2-Clause
//
// The processors: which there are, and what those need that stage 2 starts.
#pragma once

#include "boot/services.hpp"
#include "core/address.hpp"
#include "protocols/facts.hpp"

#include <cstdint>
#include <span>

namespace baton {

/// Physical addresses. Where none is started, those are 0.
struct ProcessorPlan {
    std::span<ListedProcessor> all; // that of the kernel is the first
    bool x2apic = false;            // local APICs are in this mode when the kernel runs
    uint32_t started = 0;
    PhysAddr trampoline{}; // a page below 1 MiB
    PhysAddr areas{};      // BATON_PROCESSOR_AREA_BYTES for each
    PhysAddr stacks{};     // stack_stride() for each
    uint64_t stack_bytes = 0;
    uint64_t guard_bytes = 0; // below each stack, where the direct map shows it
    PhysAddr local_apic{};    // 0: in x2APIC mode
    PhysAddr mailbox{};       // 0: there is none

    uint64_t stack_stride() const { return guard_bytes + stack_bytes; }
    /// Without its guard. `number` counts those that are started, from 0 on.
    PhysAddr stack(uint32_t number) const { return stacks + number * stack_stride() + guard_bytes; }
    PhysRange guard(uint32_t number) const { return {stack(number) - guard_bytes, guard_bytes}; }
};

/// Lists the processors, decides which are started, and allocates what they need but stage 2 and
/// page tables. Where they can't be started and that isn't required, none is, which is logged.
/// Errors: trampoline_memory_missing, local_apic_off, x2apic_missing, request_not_met,
/// out_of_memory.
Result<ProcessorPlan> plan_processors(const Services& with, const LocalApic& apic,
                                      const Kernel& kernel);

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// Interrupt controllers and IOMMUs, for a kernel that wants to find them in a known state: nothing
// interrupts it, and nothing translates what devices access. "Machine State at Entry" of Limine's
// protocol says which state.
#pragma once

#include "acpi/tables.hpp"
#include "core/address.hpp"
#include "devices/registers.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace baton {

/// What a kernel wants. By default all stays as the firmware leaves it.
struct InterruptChoice {
    /// The PC's interrupt controllers, and of I/O APICs the pins whose interrupts are of fixed or
    /// of lowest priority.
    bool masked = false;
    /// Also pins with NMIs and the PC's interrupts; and the local APIC is on, with its interrupts
    /// masked.
    bool local_apic = false;
    bool iommus_off = false;
};

/// Devices that were found and can be reached.
struct InterruptPlan {
    enum class Kind : uint8_t { io_apic, intel_iommu, amd_iommu };
    struct Device {
        Kind kind;
        PhysAddr registers;
    };
    /// Of LINT0 and LINT1: what the firmware's tables say of an NMI there.
    struct Pin {
        bool is_nmi;
        bool active_low;
        bool level_triggered;
    };
    struct LocalApic {
        PhysAddr registers; // 0: model-specific ones, of an x2APIC
        bool has_corrected_errors;
        std::array<Pin, 2> pins;
    };

    InterruptChoice choice;
    std::array<Device, 64> list{};
    std::size_t count = 0;
    std::optional<LocalApic> local_apic = {};
    /// The last device that can't be reached, or is one too many: it stays as it is.
    std::optional<PhysAddr> left_out = {};

    std::span<const Device> devices() const { return std::span(list).first(count); }
};

/// What is known of the processor that runs.
struct InterruptProcessor {
    bool has_local_apic;
    uint32_t apic_id;
    bool has_machine_checks; // CPUID 1 EDX bit 14
};

/// `rsdp`: the ACPI root pointer, 0 where there is none. `memory`: where no registers are, whatever
/// the tables say. Changes nothing.
InterruptPlan plan_interrupts(const InterruptChoice& choice, const acpi::PhysicalMemory& tables,
                              PhysAddr rsdp, const InterruptProcessor& processor,
                              std::span<const PhysRange> memory, MachineRegisters& machine);

/// Makes it so. The firmware is gone, and interrupts are off. Takes a bounded time.
void mask_interrupts(const InterruptPlan& plan, MachineRegisters& machine);

} // namespace baton

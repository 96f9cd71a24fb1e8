// SPDX-License-Identifier: BSD-2-Clause
#include "devices/interrupts.hpp"

#include "acpi/entries.hpp"
#include "devices/delivery.hpp"
#include "devices/io_apic.hpp"
#include "devices/iommu.hpp"
#include "devices/local_apic.hpp"

namespace baton {
namespace {

using Kind = InterruptPlan::Kind;

// The PC's interrupt controllers, 8259: the masks of their eight inputs each.
constexpr uint16_t kFirstMask = 0x21, kSecondMask = 0xa1;

std::optional<PhysAddr> registers_of(Kind kind, const acpi::Entry& entry) {
    if (kind == Kind::intel_iommu)
        return acpi::intel_iommu(entry);
    if (kind == Kind::amd_iommu)
        return acpi::amd_iommu(entry);
    const auto found = acpi::io_apic(entry);
    return found ? std::optional(found->registers) : std::nullopt;
}

/// Adds devices to a plan.
class Planner {
  public:
    Planner(InterruptPlan& plan, std::span<const PhysRange> memory, MachineRegisters& machine)
        : plan_(plan),
          memory_(memory),
          machine_(machine) {}

    void add_all(Kind kind, Bytes table, acpi::EntryLayout layout) {
        acpi::Entries entries(table, layout);
        while (const auto entry = entries.next())
            if (const auto found = registers_of(kind, *entry))
                add(kind, *found);
    }
    void add_local_apic(Bytes madt, const InterruptProcessor& processor) {
        const PhysAddr registers = local_apic::registers(machine_);
        if (registers.value != 0 && !is_usable({registers, kPageBytes})) {
            plan_.left_out = registers;
            return;
        }
        plan_.local_apic = {.registers = registers,
                            .has_corrected_errors = processor.has_machine_checks &&
                                                    local_apic::has_corrected_errors(machine_),
                            .pins = pins_of(madt, processor.apic_id)};
    }

  private:
    /// Whether these can be registers, and be reached.
    bool is_usable(PhysRange registers) {
        for (const PhysRange& range : memory_)
            if (range.overlaps(registers))
                return false;
        return machine_.can_reach(registers);
    }

    void add(Kind kind, PhysAddr registers) {
        for (const InterruptPlan::Device& known : plan_.devices())
            if (known.registers == registers)
                return;
        const uint64_t bytes = kind == Kind::amd_iommu ? kAmdIommuBytes : kPageBytes;
        if (plan_.count == plan_.list.size() || !is_usable({registers, bytes}))
            plan_.left_out = registers;
        else
            plan_.list[plan_.count++] = {kind, registers};
    }

    static std::array<InterruptPlan::Pin, 2> pins_of(Bytes madt, uint32_t apic_id) {
        constexpr uint32_t kAllProcessors = ~uint32_t{0};
        uint32_t uid = kAllProcessors;
        acpi::Entries processors(madt, acpi::kMadtLayout);
        while (const auto entry = processors.next())
            if (const auto found = acpi::local_apic(*entry); found && found->id == apic_id)
                uid = found->uid;
        std::array<InterruptPlan::Pin, 2> pins{};
        acpi::Entries nmis(madt, acpi::kMadtLayout);
        while (const auto entry = nmis.next()) {
            const auto nmi = acpi::local_nmi(*entry);
            if (nmi && nmi->pin < pins.size() && (nmi->uid == uid || nmi->uid == kAllProcessors))
                pins[nmi->pin] = {true, nmi->active_low, nmi->level_triggered};
        }
        return pins;
    }

    InterruptPlan& plan_;
    std::span<const PhysRange> memory_;
    MachineRegisters& machine_;
};

void mask_pins(PhysAddr io_apic, bool all, MachineRegisters& machine) {
    const uint32_t last = io_apic::last_pin(io_apic, machine);
    for (uint32_t pin = 0; pin <= last; ++pin) {
        const uint32_t entry = io_apic::read(io_apic, io_apic::entry(pin), machine);
        if (delivery::is_one_of(entry, all ? delivery::kInterrupts : delivery::kOfDevices))
            io_apic::write(io_apic, io_apic::entry(pin), entry | delivery::kMasked, machine);
    }
}

} // namespace

InterruptPlan plan_interrupts(const InterruptChoice& choice, const acpi::PhysicalMemory& tables,
                              PhysAddr rsdp, const InterruptProcessor& processor,
                              std::span<const PhysRange> memory, MachineRegisters& machine) {
    InterruptPlan plan{.choice = choice};
    Planner planner(plan, memory, machine);
    const Bytes madt = acpi::find_table(tables, rsdp, "APIC");
    if (choice.masked)
        planner.add_all(Kind::io_apic, madt, acpi::kMadtLayout);
    if (choice.local_apic && processor.has_local_apic)
        planner.add_local_apic(madt, processor);
    if (choice.iommus_off) {
        planner.add_all(Kind::intel_iommu, acpi::find_table(tables, rsdp, "DMAR"),
                        acpi::kDmarLayout);
        planner.add_all(Kind::amd_iommu, acpi::find_table(tables, rsdp, "IVRS"), acpi::kIvrsLayout);
    }
    return plan;
}

void mask_interrupts(const InterruptPlan& plan, MachineRegisters& machine) {
    constexpr uint8_t kAll = 0xff;
    if (plan.choice.masked) {
        machine.write_port(kSecondMask, kAll);
        machine.write_port(kFirstMask, kAll);
    }
    for (const InterruptPlan::Device& device : plan.devices()) {
        switch (device.kind) {
        case Kind::io_apic:
            mask_pins(device.registers, plan.choice.local_apic, machine);
            break;
        case Kind::intel_iommu:
            stop_intel_iommu(device.registers, machine);
            break;
        case Kind::amd_iommu:
            stop_amd_iommu(device.registers, machine);
            break;
        }
    }
    if (plan.local_apic)
        local_apic::initialise(*plan.local_apic, machine);
}

} // namespace baton

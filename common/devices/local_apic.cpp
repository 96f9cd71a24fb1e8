// SPDX-License-Identifier: BSD-2-Clause
#include "devices/local_apic.hpp"

#include "cpu/constants.hpp"
#include "devices/delivery.hpp"

namespace baton::local_apic {
namespace {

constexpr uint64_t kAddress = 0x000f'ffff'ffff'f000; // in IA32_APIC_BASE: section 10.4.4
constexpr uint32_t kMsrFirst = 0x800;                // of an x2APIC: section 10.12.1.2

// IA32_MCG_CAP: section 15.3.1.1.
constexpr uint32_t kMsrMachineChecks = 0x179;
constexpr uint64_t kCorrectedErrors = 1 << 10;

// Registers: table 10-1.
constexpr uint32_t kVersion = 0x30, kPriority = 0x80, kSpurious = 0xf0;
constexpr uint32_t kCorrected = 0x2f0, kTimer = 0x320, kThermal = 0x330, kPerformance = 0x340,
                   kPin0 = 0x350, kPinBytes = 0x10, kError = 0x370;
constexpr uint32_t kSoftwareEnabled = 0x1ff; // of kSpurious, with the vector FFh

// Of an entry of the local vector table: section 10.5.1.
constexpr uint32_t kModeMask = 7 << 8, kNmi = 4 << 8, kActiveLow = 1 << 13,
                   kLevelTriggered = 1 << 15;

class Registers {
  public:
    Registers(PhysAddr base, MachineRegisters& machine) : base_(base), machine_(machine) {}

    uint32_t read(uint32_t offset) {
        return base_.value == 0 ? static_cast<uint32_t>(machine_.read_msr(kMsrFirst + offset / 16))
                                : machine_.read(base_ + offset);
    }
    void write(uint32_t offset, uint32_t value) {
        if (base_.value == 0)
            machine_.write_msr(kMsrFirst + offset / 16, value);
        else
            machine_.write(base_ + offset, value);
    }
    void mask(uint32_t offset) {
        const uint32_t entry = read(offset);
        if (delivery::is_one_of(entry, delivery::kInterrupts))
            write(offset, entry | delivery::kMasked);
    }
    void mask_pin(uint32_t offset, const InterruptPlan::Pin& pin) {
        constexpr uint32_t kOfPin = kModeMask | kActiveLow | kLevelTriggered;
        const uint32_t entry = read(offset);
        if (!pin.is_nmi || !delivery::is_one_of(entry, delivery::kInterrupts))
            return mask(offset);
        write(offset, (entry & ~kOfPin) | kNmi | delivery::kMasked |
                          (pin.active_low ? kActiveLow : 0) |
                          (pin.level_triggered ? kLevelTriggered : 0));
    }

  private:
    PhysAddr base_;
    MachineRegisters& machine_;
};

} // namespace

PhysAddr registers(MachineRegisters& machine) {
    const uint64_t base = machine.read_msr(cpu::kMsrApicBase);
    const bool is_x2apic =
        (base & cpu::kApicBaseX2apic) != 0 && (base & cpu::kApicBaseEnabled) != 0;
    return {is_x2apic ? 0 : base & kAddress};
}

bool has_corrected_errors(MachineRegisters& machine) {
    return (machine.read_msr(kMsrMachineChecks) & kCorrectedErrors) != 0;
}

void initialise(const InterruptPlan::LocalApic& plan, MachineRegisters& machine) {
    const uint64_t base = machine.read_msr(cpu::kMsrApicBase);
    if ((base & cpu::kApicBaseEnabled) == 0)
        machine.write_msr(cpu::kMsrApicBase, base | cpu::kApicBaseEnabled);
    Registers apic(plan.registers, machine);
    const uint32_t last = apic.read(kVersion) >> 16 & 0xff; // of its entries
    // Entries come first: those of an APIC that is off stay masked when it goes on.
    apic.mask(kTimer);
    apic.mask_pin(kPin0, plan.pins[0]);
    apic.mask_pin(kPin0 + kPinBytes, plan.pins[1]);
    if (last >= 3)
        apic.mask(kError);
    if (last >= 4)
        apic.mask(kPerformance);
    if (last >= 5)
        apic.mask(kThermal);
    if (last >= 6 && plan.has_corrected_errors)
        apic.mask(kCorrected);
    apic.write(kPriority, 0);
    apic.write(kSpurious, kSoftwareEnabled);
}

} // namespace baton::local_apic

// SPDX-License-Identifier: BSD-2-Clause
#include "devices/iommu.hpp"

#include <initializer_list>

namespace baton {
namespace {

constexpr uint32_t kNobody = ~uint32_t{0}; // is read where no device answers

/// Until these bits are 0, or the device has not answered for long.
void wait_for_zero(PhysAddr address, uint32_t bits, DeviceRegisters& machine) {
    constexpr uint32_t kMostReads = 100'000; // of a device: at least a microsecond each
    for (uint32_t reads = 0; reads < kMostReads; ++reads)
        if ((machine.read(address) & bits) == 0)
            return;
}

// Intel VT-d 4.1 section 11.4.
constexpr uint64_t kVersion = 0x00, kCommand = 0x18, kStatus = 0x1c, kProtected = 0x64;
constexpr uint32_t kTranslation = uint32_t{1} << 31, kInterrupts = 1 << 25; // of both
// Bits of the status that are no state, but commands: section 11.4.4.1.
constexpr uint32_t kStates = 0x96ff'ffff;
constexpr uint32_t kProtect = uint32_t{1} << 31, kIsProtected = 1 << 0;

// AMD I/O Virtualization 3.08 sections 3.4.1 and 3.4.15; lower halves.
constexpr uint64_t kControl = 0x18, kRunning = 0x2020;
constexpr uint32_t kEnabled = 1 << 0;
constexpr uint32_t kEventLog = 1 << 2, kCommands = 1 << 12, kRequestLog = 1 << 13;
constexpr uint32_t kEventLogRuns = 1 << 3, kCommandsRun = 1 << 4, kRequestLogRuns = 1 << 7;

} // namespace

void stop_intel_iommu(PhysAddr registers, DeviceRegisters& machine) {
    const uint32_t version = machine.read(registers + kVersion);
    if (version == 0 || version == kNobody)
        return;
    for (const uint32_t bit : {kTranslation, kInterrupts}) {
        const uint32_t status = machine.read(registers + kStatus);
        if ((status & bit) == 0)
            continue;
        machine.write(registers + kCommand, status & kStates & ~bit);
        wait_for_zero(registers + kStatus, bit, machine);
    }
    const uint32_t protection = machine.read(registers + kProtected);
    if ((protection & kProtect) != 0) {
        machine.write(registers + kProtected, protection & ~kProtect);
        wait_for_zero(registers + kProtected, kIsProtected, machine);
    }
}

void stop_amd_iommu(PhysAddr registers, DeviceRegisters& machine) {
    const uint32_t control = machine.read(registers + kControl);
    if (control == kNobody || (control & kEnabled) == 0)
        return;
    // First what it reads and writes by itself.
    const uint32_t quiet = control & ~(kEventLog | kCommands | kRequestLog);
    machine.write(registers + kControl, quiet);
    wait_for_zero(registers + kRunning, kEventLogRuns | kCommandsRun | kRequestLogRuns, machine);
    machine.write(registers + kControl, quiet & ~kEnabled);
}

} // namespace baton

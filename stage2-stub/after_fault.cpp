// SPDX-License-Identifier: BSD-2-Clause
#include "stage2-stub/after_fault.hpp"

#include "cpu/descriptors.hpp"
#include "cpu/instructions.hpp"

namespace baton::stage2 {

void wait(uint64_t ticks) {
    for (const uint64_t start = cpu::read_tsc(); cpu::read_tsc() - start < ticks;)
        cpu::pause();
}

namespace {

/// By each way that PCs have, one after the other; memory keeps its contents where it can. One has
/// time to work before the next is tried: two resets in a row can meet a firmware that has begun.
void reset(uint64_t moment) {
    constexpr uint16_t kResetControl = 0xcf9; // of the chipset
    constexpr uint8_t kSystemReset = 2, kResetProcessor = 4;
    cpu::out8(kResetControl, kSystemReset);
    cpu::out8(kResetControl, kSystemReset | kResetProcessor);
    wait(moment);
    constexpr uint16_t kKeyboardController = 0x64;
    constexpr uint8_t kPulseResetLine = 0xfe;
    cpu::out8(kKeyboardController, kPulseResetLine);
    wait(moment);
    cpu::triple_fault();
}

} // namespace

void end_after_fault(const BatonHandoff& record, BatonAfterFault after) {
    if (after == BATON_AFTER_FAULT_EXIT)
        cpu::out32(record.exit_port, record.exit_value);
    if (after == BATON_AFTER_FAULT_RESET) {
        wait(record.reset_after_seconds * record.tsc_hz);
        reset(record.tsc_hz / 8);
    }
    cpu::halt();
}

} // namespace baton::stage2

// SPDX-License-Identifier: BSD-2-Clause
#include "stage2-stub/after_fault.hpp"

#include "stage2-stub/cpu.hpp"

namespace baton::stage2 {
namespace {

void wait(uint64_t ticks) {
    for (const uint64_t start = read_tsc(); read_tsc() - start < ticks;)
        asm volatile("pause");
}

/// By each way that PCs have, one after the other; memory keeps its contents where it can. One has
/// time to work before the next is tried: two resets in a row can meet a firmware that has begun.
void reset(uint64_t moment) {
    constexpr uint16_t kResetControl = 0xcf9; // of the chipset
    constexpr uint8_t kSystemReset = 2, kResetProcessor = 4;
    out8(kResetControl, kSystemReset);
    out8(kResetControl, kSystemReset | kResetProcessor);
    wait(moment);
    constexpr uint16_t kKeyboardController = 0x64;
    constexpr uint8_t kPulseResetLine = 0xfe;
    out8(kKeyboardController, kPulseResetLine);
    wait(moment);
    triple_fault();
}

} // namespace

void end_after_fault(const BatonHandoff& record) {
    if (record.after_fault == BATON_AFTER_FAULT_EXIT)
        out32(record.exit_port, record.exit_value);
    if (record.after_fault == BATON_AFTER_FAULT_RESET) {
        wait(record.reset_after_seconds * record.tsc_hz);
        reset(record.tsc_hz / 8);
    }
    halt();
}

} // namespace baton::stage2

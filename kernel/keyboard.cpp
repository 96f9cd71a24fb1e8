// SPDX-License-Identifier: BSD-2-Clause
//
// A PS/2 keyboard without interrupts, through the keyboard controller (Intel 8042) as the firmware
// or the reset has left it.

#include "keyboard.hpp"

#include "console.hpp"
#include "cpu.hpp"

namespace {

constexpr uint16_t kData = 0x60;
constexpr uint16_t kStatus = 0x64;
constexpr uint8_t kOutputFull = 1 << 0;
constexpr uint8_t kFromMouse = 1 << 5;
constexpr uint8_t kAbsent = 0xff;     // what a port reads that nobody has
constexpr uint8_t kReleased = 1 << 7; // in scan code set 1, which the controller translates to

bool key_pressed() {
    const uint8_t status = in8(kStatus);
    if (status == kAbsent || (status & kOutputFull) == 0) {
        return false;
    }
    const uint8_t code = in8(kData);
    return (status & kFromMouse) == 0 && (code & kReleased) == 0;
}

} // namespace

void wait_for_key(uint64_t ticks) {
    const uint64_t start = read_tsc();
    while (key_pressed() || has_input()) { // from before
    }
    while (!key_pressed() && !has_input()) {
        if (ticks != 0 && read_tsc() - start >= ticks) {
            return;
        }
        asm volatile("pause");
    }
}

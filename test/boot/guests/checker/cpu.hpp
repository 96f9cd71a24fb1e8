// SPDX-License-Identifier: BSD-2-Clause
//
// The few instructions that C++ has no words for.
#pragma once

#include <cstdint>

inline void out8(uint16_t port, uint8_t value) {
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

inline void out32(uint16_t port, uint32_t value) {
    asm volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

inline uint64_t read_cr3() {
    uint64_t value;
    asm volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}

/// A byte of the CMOS memory, which keeps its value over a reset.
inline uint8_t read_cmos(uint8_t index) {
    uint8_t value;
    out8(0x70, index);
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(uint16_t{0x71}));
    return value;
}

inline void write_cmos(uint8_t index, uint8_t value) {
    out8(0x70, index);
    out8(0x71, value);
}

inline constexpr uint64_t kRubbish = 0xcccc'cccc'cccc'cccc; // as code: INT3

/// Stores `value` in `count` words from `address` on.
inline void fill_words(uint64_t address, uint64_t value, uint64_t count) {
    asm volatile("rep stosq" : "+D"(address), "+c"(count) : "a"(value) : "memory");
}

[[noreturn]] inline void halt() {
    for (;;)
        asm volatile("cli; hlt");
}

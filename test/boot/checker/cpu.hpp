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

inline uint64_t read_cr0() {
    uint64_t value;
    asm volatile("mov %%cr0, %0" : "=r"(value));
    return value;
}

inline uint64_t read_cr3() {
    uint64_t value;
    asm volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}

inline uint64_t read_cr4() {
    uint64_t value;
    asm volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}

enum class Msr : uint32_t {
    efer = 0xc0000080,
    pat = 0x277,
    fs_base = 0xc0000100,
    gs_base = 0xc0000101,
};

inline uint64_t read_msr(Msr msr) {
    uint32_t low;
    uint32_t high;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return uint64_t{high} << 32 | low;
}

inline uint64_t read_tsc() {
    uint32_t low;
    uint32_t high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return uint64_t{high} << 32 | low;
}

/// What LGDT and LIDT load.
struct [[gnu::packed]] TableRegister {
    uint16_t limit;
    uint64_t base;
};

inline TableRegister read_gdtr() {
    TableRegister value;
    asm volatile("sgdt %0" : "=m"(value));
    return value;
}

inline TableRegister read_idtr() {
    TableRegister value;
    asm volatile("sidt %0" : "=m"(value));
    return value;
}

struct Selectors {
    uint16_t cs, ss, ds, es, fs, gs;
};

inline Selectors read_selectors() {
    Selectors value;
    asm volatile("mov %%cs, %0" : "=r"(value.cs));
    asm volatile("mov %%ss, %0" : "=r"(value.ss));
    asm volatile("mov %%ds, %0" : "=r"(value.ds));
    asm volatile("mov %%es, %0" : "=r"(value.es));
    asm volatile("mov %%fs, %0" : "=r"(value.fs));
    asm volatile("mov %%gs, %0" : "=r"(value.gs));
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

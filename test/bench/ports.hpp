// SPDX-License-Identifier: BSD-2-Clause
//
// The debug console and the way out of QEMU, and the garbage that memory is filled with.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bench {

/// What free memory is full of when the loader starts.
inline constexpr uint64_t kGarbage = 0x6b5a'93c7'1de8'f42d;
inline constexpr std::size_t kPageBytes = 4096;

inline uint64_t read_tsc() {
    uint32_t low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return uint64_t{high} << 32 | low;
}

inline void print(const char* text) {
    for (; *text != 0; ++text)
        asm volatile("outb %0, %1" : : "a"(*text), "Nd"(uint16_t{0xe9}));
}

/// "NAME 0x…", as a line.
inline void print(const char* name, uint64_t value) {
    print(name);
    print(" 0x");
    for (int shift = 60; shift >= 0; shift -= 4) {
        const char digit[] = {"0123456789abcdef"[value >> shift & 0xf], 0};
        print(digit);
    }
    print("\n");
}

/// Ends QEMU.
[[noreturn]] inline void finish(bool good) {
    asm volatile("outl %0, %1" : : "a"(good ? 0x10 : 0x11), "Nd"(uint16_t{0xf4}));
    for (;;)
        asm volatile("cli; hlt");
}

} // namespace bench

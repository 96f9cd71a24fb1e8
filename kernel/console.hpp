// SPDX-License-Identifier: BSD-2-Clause
//
// Text on the first serial port, on QEMU's debug console, and on the screen once there is one:
//     print_line("at ", Hex{base, 16}, ", ", Decimal{bytes}, " bytes");
#pragma once

#include <baton/boot_info.h>

inline void out8(uint16_t port, uint8_t value) {
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

inline void out32(uint16_t port, uint32_t value) {
    asm volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

inline uint8_t in8(uint16_t port) {
    uint8_t value;
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

struct Hex {
    uint64_t value;
    unsigned digits = 1; // at least
};

struct Decimal {
    uint64_t value;
    unsigned width = 1; // of the column, at whose right it is
};

void start_serial_port();
/// Clears the screen; from now on text goes there, too. The framebuffer must stay.
void start_screen(const BatonFramebuffer& framebuffer);

void print(const char* text);
void print(Hex number);
void print(Decimal number);

template<class... Parts>
void print_line(const Parts&... parts) {
    (print(parts), ...);
    print("\n");
}

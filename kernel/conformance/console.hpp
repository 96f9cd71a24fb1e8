// SPDX-License-Identifier: BSD-2-Clause
//
// Text output, a line at a time, to the first serial port and to QEMU's debug console:
//     print_line("stack at ", Hex{base, 16}, ", ", Decimal{bytes}, " bytes");
#pragma once

#include <cstdint>
#include <string_view>

/// A number in hexadecimal with at least `digits` digits: 0x00ff.
struct Hex {
    uint64_t value;
    unsigned digits = 1;
};

/// A number in decimal, at the right of a column of `width` characters.
struct Decimal {
    uint64_t value;
    unsigned width = 1;
};

/// Sets up the serial port. Printing before it does no harm.
void initialise_console();

void print(std::string_view text);
void print(Hex number);
void print(Decimal number);

template<class... Parts>
void print_line(const Parts&... parts) {
    (print(parts), ...);
    print("\n");
}

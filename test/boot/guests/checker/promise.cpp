// SPDX-License-Identifier: BSD-2-Clause
#include "promise.hpp"

#include "cpu.hpp"

namespace {

constexpr uint16_t kDebugConsole = 0xe9;
constexpr unsigned kFailuresShown = 4;

} // namespace

void print(Text text) {
    for (std::size_t i = 0; i < text.length; ++i)
        out8(kDebugConsole, static_cast<uint8_t>(text.first[i]));
}

void print_hex(uint64_t value) {
    print("0x");
    unsigned shift = 60;
    while (shift != 0 && value >> shift == 0)
        shift -= 4;
    for (;; shift -= 4) {
        const auto digit = static_cast<uint8_t>(value >> shift & 15);
        out8(kDebugConsole, static_cast<uint8_t>(digit < 10 ? '0' + digit : 'a' + digit - 10));
        if (shift == 0)
            return;
    }
}

Promise::~Promise() {
    if (failures_ != 0) {
        ++tally_.broken;
        return;
    }
    ++tally_.kept;
    print("PASS ");
    print(name_);
    print("\n");
}

void Promise::broken(Text what, uint64_t number, uint64_t other) {
    if (++failures_ > kFailuresShown)
        return;
    print("FAIL ");
    print(name_);
    print(": ");
    print(what);
    print(" (");
    print_hex(number);
    print(", ");
    print_hex(other);
    print(")\n");
}

// SPDX-License-Identifier: BSD-2-Clause
#include "stage2-stub/ports.hpp"

#include "stage2-stub/cpu.hpp"

namespace baton::stage2 {
namespace {

// 16550: line status register, transmitter holding register empty.
constexpr uint16_t kLineStatus = 5;
constexpr uint8_t kTransmitterEmpty = 0x20;
// A read takes about a microsecond, a character at 300 baud 33 milliseconds.
constexpr uint32_t kTries = 100'000;

} // namespace

void Ports::write(std::string_view text) {
    for (const char character : text) {
        if (debug_ != 0)
            out8(debug_, static_cast<uint8_t>(character));
        if (character == '\n')
            put_to_serial('\r');
        put_to_serial(character);
    }
}

void Ports::put_to_serial(char character) {
    for (uint32_t tries = kTries; serial_ != 0; --tries) {
        if (tries == 0)
            serial_ = 0;
        else if ((in8(static_cast<uint16_t>(serial_ + kLineStatus)) & kTransmitterEmpty) != 0)
            return out8(serial_, static_cast<uint8_t>(character));
    }
}

} // namespace baton::stage2

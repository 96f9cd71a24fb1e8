// SPDX-License-Identifier: BSD-2-Clause
#include "stage1/serial_port.hpp"

#include "stage1/cpu.hpp"

namespace baton {
namespace {

constexpr uint16_t kCom1 = 0x3f8;
constexpr uint16_t kDebugConsole = 0xe9;

// 16550: line status register and its bit "transmitter holding register empty"; scratch register.
constexpr uint16_t kLineStatus = 5;
constexpr uint8_t kTransmitterEmpty = 0x20;
constexpr uint16_t kScratch = 7;

bool has_serial_port() {
    cpu::out8(kCom1 + kScratch, 0x5a);
    return cpu::in8(kCom1 + kScratch) == 0x5a;
}

/// QEMU's and Bochs' debug console answers with its own port number.
bool has_debug_console() {
    return cpu::in8(kDebugConsole) == kDebugConsole;
}

} // namespace

ReportPorts find_report_ports() {
    const uint16_t none = 0;
    return {.serial = has_serial_port() ? kCom1 : none,
            .debug = has_debug_console() ? kDebugConsole : none};
}

void write_to_serial(uint16_t port, char character) {
    for (uint32_t tries = 100'000; tries != 0; --tries)
        if ((cpu::in8(static_cast<uint16_t>(port + kLineStatus)) & kTransmitterEmpty) != 0)
            break;
    cpu::out8(port, static_cast<uint8_t>(character));
}

void write_to_debug_console(uint16_t port, char character) {
    cpu::out8(port, static_cast<uint8_t>(character));
}

} // namespace baton

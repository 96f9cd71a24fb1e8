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

void write_to_serial(uint16_t port, char character) {
    for (uint32_t tries = 100'000; tries != 0; --tries)
        if ((cpu::in8(static_cast<uint16_t>(port + kLineStatus)) & kTransmitterEmpty) != 0)
            break;
    cpu::out8(port, static_cast<uint8_t>(character));
}

} // namespace

ReportPorts find_report_ports() {
    const uint16_t none = 0;
    return {.serial = has_serial_port() ? kCom1 : none,
            .debug = has_debug_console() ? kDebugConsole : none};
}

void write_line(const ReportPorts& ports, std::string_view text) {
    for (const std::string_view part : {text, std::string_view("\r\n")})
        for (const char character : part) {
            if (ports.serial != 0)
                write_to_serial(ports.serial, character);
            if (ports.debug != 0 && character != '\r')
                cpu::out8(ports.debug, static_cast<uint8_t>(character));
        }
}

} // namespace baton

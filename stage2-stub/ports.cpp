// SPDX-License-Identifier: BSD-2-Clause
#include "stage2-stub/ports.hpp"

#include "cpu/instructions.hpp"
#include "serial/uart.hpp"
#include "stage2-stub/attempt.hpp"

namespace baton::stage2 {
namespace {

struct CpuPorts {
    static uint8_t in8(uint16_t port) { return cpu::in8(port); }
    static void out8(uint16_t port, uint8_t value) { cpu::out8(port, value); }
};

[[gnu::noinline]] void write_to(BatonUart& uart, std::string_view text) {
    if (!try_to([&] { UartRegisters<CpuPorts>::send(uart, text); }))
        uart.access_bytes = 0;
}

} // namespace

void write_to_ports(BatonHandoff& record, std::string_view text) {
    if (record.debug_port != 0)
        for (const char character : text)
            cpu::out8(record.debug_port, static_cast<uint8_t>(character));
    BatonUart first = uart_at_port(record.serial_port); // none at port 0
    write_to(first, text);
    if (first.access_bytes == 0)
        record.serial_port = 0;
    for (BatonUart& uart : record.uarts)
        write_to(uart, text);
}

} // namespace baton::stage2

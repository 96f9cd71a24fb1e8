// SPDX-License-Identifier: BSD-2-Clause
#include "serial/uart.hpp"

namespace baton {
namespace {

constexpr uint64_t kPortsEnd = uint64_t{1} << 16;
constexpr uint64_t kLowerHalfEnd = uint64_t{1} << 47;

uint64_t bytes_of(const BatonUart& uart) {
    return uint64_t{uart.register_bytes} * kUartRegisters;
}

} // namespace

bool is_valid(const BatonUart& uart) {
    const uint64_t access = uart.access_bytes;
    const bool is_io = uart.space == BATON_UART_IO;
    const bool has_access = access == 1 || (!is_io && (access == 2 || access == 4));
    if (!has_access || uart.register_bytes < access || uart.register_bytes % access != 0 ||
        uart.address % access != 0 || (!is_io && uart.space != BATON_UART_MEMORY))
        return false;
    const uint64_t first = is_io ? 1 : kPageBytes;
    const uint64_t end = is_io ? kPortsEnd : kLowerHalfEnd;
    return uart.address >= first && uart.address <= end - bytes_of(uart);
}

PhysRange memory_of(const BatonUart& uart) {
    return uart.space == BATON_UART_MEMORY ? PhysRange{{uart.address}, bytes_of(uart)}
                                           : PhysRange{};
}

std::size_t ReportPorts::find(const BatonUart& uart) const {
    std::size_t index = 0;
    while (index < uart_count &&
           (uarts[index].address != uart.address || uarts[index].space != uart.space))
        ++index;
    return index;
}

bool ReportPorts::add(const BatonUart& uart) {
    if (!is_valid(uart))
        return false;
    if (find(uart) < uart_count)
        return true;
    if (uart_count == uarts.size())
        return false;
    uarts[uart_count++] = uart;
    return true;
}

} // namespace baton

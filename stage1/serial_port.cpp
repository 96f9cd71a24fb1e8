// SPDX-License-Identifier: BSD-2-Clause
#include "stage1/serial_port.hpp"

#include "cpu/instructions.hpp"
#include "serial/uart_sources.hpp"

#include <algorithm>

namespace baton {
namespace {

struct CpuPorts {
    static uint8_t in8(uint16_t port) { return cpu::in8(port); }
    static void out8(uint16_t port, uint8_t value) { cpu::out8(port, value); }
};
using Registers = UartRegisters<CpuPorts>;

constexpr uint16_t kDebugConsole = 0xe9;

/// QEMU's and Bochs' debug console answers with its own port number.
bool has_debug_console() {
    return cpu::in8(kDebugConsole) == kDebugConsole;
}

/// Configuration mechanism 1 (PCI 3.0 section 3.2.2.3.2).
uint32_t read_pci(uint32_t address) {
    constexpr uint16_t kAddress = 0xcf8, kData = 0xcfc;
    constexpr uint32_t kEnable = 1u << 31;
    cpu::out32(kAddress, kEnable | address);
    return cpu::in32(kData);
}

} // namespace

std::optional<BatonUart> probe_uart(uint16_t port) {
    const BatonUart uart = uart_at_port(port);
    return Registers::has_scratch_register(uart) ? std::optional(uart) : std::nullopt;
}

std::optional<BatonUart> find_spcr_uart(const acpi::PhysicalMemory& memory, PhysAddr rsdp) {
    return uart_of_spcr(acpi::find_table(memory, rsdp, "SPCR"));
}

ReportPorts find_pci_uarts() {
    return pci_uarts(read_pci);
}

std::optional<BatonUart> find_pci_uart(Bytes path) {
    return uart_of_pci_path(path, read_pci);
}

PortWriter::PortWriter() {
    ports_.debug = has_debug_console() ? kDebugConsole : 0;
}

bool PortWriter::add(const BatonUart& uart, bool of_firmware) {
    const std::size_t index = ports_.find(uart);
    if (index < ports_.uart_count) {
        lines_[index].of_firmware |= of_firmware;
        return false;
    }
    if (!is_valid(uart) || !Registers::answers(uart) || !ports_.add(uart))
        return false;
    lines_[index] = {uart, of_firmware};
    return true;
}

void PortWriter::write_to_last(std::string_view lines) {
    Registers::send(lines_[ports_.uart_count - 1].uart, lines);
}

bool PortWriter::firmware_reaches_uart() const {
    return std::ranges::any_of(lines_, &Line::of_firmware);
}

/// A character goes to each UART before the next: they send at the same time.
void PortWriter::write_line(std::string_view text, bool shown_by_firmware) {
    for (const std::string_view part : {text, std::string_view("\r\n")})
        for (const char character : part)
            for (Line& line : lines_)
                if (!shown_by_firmware || !line.of_firmware)
                    Registers::send(line.uart, character);
    write_debug_line(text);
}

void PortWriter::write_debug_line(std::string_view text) const {
    if (ports_.debug == 0)
        return;
    for (const std::string_view part : {text, std::string_view("\n")})
        for (const char character : part)
            cpu::out8(ports_.debug, static_cast<uint8_t>(character));
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// UARTs and the debug console, written to without a driver. Nobody's settings are changed.
#pragma once

#include "acpi/tables.hpp"
#include "serial/uart.hpp"

#include <optional>
#include <string_view>

namespace baton {

/// The UART at these I/O ports, if its scratch register keeps a value.
std::optional<BatonUart> probe_uart(uint16_t port);

/// The console's UART by the table SPCR; `rsdp` is 0 where there is none. Registers in memory are
/// for the caller to check.
std::optional<BatonUart> find_spcr_uart(const acpi::PhysicalMemory& memory, PhysAddr rsdp);

/// Those on PCI buses. Registers in memory are for the caller to check.
ReportPorts find_pci_uarts();
/// The one that a UEFI device path with a UART node names.
std::optional<BatonUart> find_pci_uart(Bytes path);

/// Writes lines to UARTs and to the debug console, if this machine has one.
class PortWriter {
  public:
    PortWriter();

    /// A UART, if its line status can be read. `of_firmware`: what the firmware shows on its
    /// console comes out there too.
    /// Whether it is new.
    bool add(const BatonUart& uart, bool of_firmware = false);
    /// Writes these lines, each with LF, to the UART that was added last.
    void write_to_last(std::string_view lines);

    /// Writes the text and an end of line. With `shown_by_firmware`, not to the UARTs of its
    /// console. A UART that takes nothing any more is left alone from then on.
    void write_line(std::string_view text, bool shown_by_firmware = false);

    /// To the debug console alone.
    void write_debug_line(std::string_view text) const;

    /// Whether the firmware's console comes out of a UART.
    bool firmware_reaches_uart() const;
    const ReportPorts& ports() const { return ports_; }

  private:
    struct Line {
        BatonUart uart;
        bool of_firmware;
    };
    ReportPorts ports_;
    std::array<Line, BATON_HANDOFF_UARTS> lines_{};
};

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// UARTs as tables, buses and device paths describe them. These bytes are not trusted. What can't
// be used as a 16550 is no UART here.
#pragma once

#include "core/bytes.hpp"
#include "serial/uart.hpp"

#include <cstdint>
#include <optional>

namespace baton {

/// Of the table "SPCR" (Microsoft, Serial Port Console Redirection Table; the subtypes are those of
/// Debug Port Table 2, table 3): the console's, if it has the registers of a 16550.
std::optional<BatonUart> uart_of_spcr(Bytes table);

/// Of the first 64 bytes of a PCI function's configuration space: a serial controller (class 07h,
/// subclass 00h) with the registers of an 8250 or a successor at BAR 0, which the function
/// decodes. Of several ports, the first. PCI 3.0 section 6.2, PCI Code and ID Assignment section
/// 1.8.
std::optional<BatonUart> uart_of_pci(Bytes configuration);

/// Of all functions on the buses that bridges lead to, bus 0 first. `read` gives 32 bits of
/// configuration space, all ones where there is no function; its address is that of configuration
/// mechanism 1: bus << 16 | device << 11 | function << 8 | offset.
using ReadPci = uint32_t (*)(uint32_t address);
ReportPorts pci_uarts(ReadPci read);

/// The one whose UART node (UEFI 2.10 section 10.3.4.15) `path` has: by the numbers of its root
/// bridge, which is that of the bus, and of the bridges and the function below it.
std::optional<BatonUart> uart_of_pci_path(Bytes path, ReadPci read);

/// Of a list of ACPI resource descriptors (ACPI 6.5 section 6.4): its first range of I/O ports, or
/// else of memory. At most kMaxResourceBytes are read, up to the end tag.
std::optional<BatonUart> uart_of_resources(Bytes list);
inline constexpr std::size_t kMaxResourceBytes = 256;

/// How a UEFI device path names a UART (UEFI 2.10 section 10.3.4.15): by the node before its own.
struct UartPath {
    enum class Parent : uint8_t { other, acpi_serial, pci };
    Parent parent;
    uint32_t uid; // of acpi_serial: PNP0501, or PNP0500
};
/// No value: it has no UART node.
std::optional<UartPath> uart_of_path(Bytes path);

/// The ports that PCs give COM1 to COM4, by what firmware gives them as a UID, from 0 on.
inline constexpr std::array<uint16_t, 4> kComPorts = {kCom1, 0x2f8, 0x3e8, 0x2e8};

} // namespace baton

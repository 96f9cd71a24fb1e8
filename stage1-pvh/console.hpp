// SPDX-License-Identifier: BSD-2-Clause
//
// Where text goes: UARTs and the debug console.
#pragma once

#include "log/log.hpp"
#include "stage1-pvh/machine.hpp"
#include "stage1/serial_port.hpp"
#include "start_info/start_info.hpp"

namespace baton {

class Console final : public LineSink {
  public:
    /// With COM1, and the ports that a BIOS has found.
    Console();

    void write_line(std::string_view text) override { ports_.write_line(text); }
    void write_private_line(std::string_view text) override { ports_.write_debug_line(text); }

    /// Adds the UART of the table SPCR, or else those on PCI buses. They get what is in `log`.
    void add_uarts(const StartInfo& info, PhysAddr rsdp, std::string_view log);

    const ReportPorts& ports() const { return ports_.ports(); }

  private:
    void add(const BatonUart& uart, const StartInfo& info, std::string_view log);

    PortWriter ports_;
};

} // namespace baton

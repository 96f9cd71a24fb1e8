// SPDX-License-Identifier: BSD-2-Clause
//
// Where text goes: the serial port and the debug console.
#pragma once

#include "handoff/log.hpp"
#include "stage1/serial_port.hpp"

namespace baton {

class Console final : public LineSink {
  public:
    void write_line(std::string_view text) override { baton::write_line(ports_, text); }

    const ReportPorts& ports() const { return ports_; }

  private:
    ReportPorts ports_ = find_report_ports();
};

} // namespace baton

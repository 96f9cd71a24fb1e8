// SPDX-License-Identifier: BSD-2-Clause
//
// COM1 and the debug console, written to without a driver.
#pragma once

#include "handoff/builder.hpp"

#include <string_view>

namespace baton {

/// Those that this machine has. The serial port is as somebody has set it up.
ReportPorts find_report_ports();

/// Writes the text and an end of line. Waits until the serial port takes it, but not for ever.
void write_line(const ReportPorts& ports, std::string_view text);

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// COM1 and the debug console, written to without a driver.
#pragma once

#include "handoff/builder.hpp"

namespace baton {

/// Those that this machine has. The serial port is as somebody has set it up.
ReportPorts find_report_ports();

/// Waits until the port takes it, but not for ever.
void write_to_serial(uint16_t port, char character);

void write_to_debug_console(uint16_t port, char character);

} // namespace baton

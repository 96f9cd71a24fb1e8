// SPDX-License-Identifier: BSD-2-Clause
//
// Text on the serial port and the debug console.
#pragma once

#include "abi/handoff.h"

#include <string_view>

namespace baton::stage2 {

class Ports {
  public:
    explicit Ports(const BatonHandoff& record)
        : debug_(record.debug_port),
          serial_(record.serial_port) {}

    /// A serial port that takes nothing any more is left alone from then on.
    void write(std::string_view text);

  private:
    void put_to_serial(char character);

    uint16_t debug_;
    uint16_t serial_;
};

} // namespace baton::stage2

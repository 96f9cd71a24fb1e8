// SPDX-License-Identifier: BSD-2-Clause
//
// Where text goes: the firmware's console while there is one, the serial port, the debug console.
#pragma once

#include "stage1-efi/efi.hpp"

#include <string_view>

namespace baton {

class Console {
  public:
    explicit Console(const efi::Firmware& firmware);

    void write_line(std::string_view text);

    /// Boot services are about to go: no firmware call from here on.
    void detach_from_firmware() { firmware_ = nullptr; }
    bool attached_to_firmware() const { return firmware_ != nullptr; }

    /// Waits until a key is pressed, some seconds at the most. Boot services are still there.
    void wait_for_key();

    /// I/O ports; 0: there is no such device.
    uint16_t serial_port() const { return serial_port_; }
    uint16_t debug_port() const { return debug_port_; }

  private:
    void write_to_firmware(std::string_view text) const;
    void write_to_serial(char character) const;

    const efi::Firmware* firmware_;
    uint16_t serial_port_;
    uint16_t debug_port_;
    bool firmware_reaches_serial_;
};

} // namespace baton

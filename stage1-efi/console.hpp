// SPDX-License-Identifier: BSD-2-Clause
//
// Where text goes: the firmware's console while there is one, the serial port, the debug console.
#pragma once

#include "handoff/builder.hpp"
#include "stage1-efi/efi.hpp"

#include <string_view>

namespace baton {

class Console final : public LineSink {
  public:
    explicit Console(const efi::Firmware& firmware);

    void write_line(std::string_view text) override;

    /// Boot services are about to go: no firmware call from here on.
    void detach_from_firmware() { firmware_ = nullptr; }
    bool attached_to_firmware() const { return firmware_ != nullptr; }

    /// Waits until a key is pressed, some seconds at the most. Boot services are still there.
    void wait_for_key();

    const ReportPorts& ports() const { return ports_; }

  private:
    void write_to_firmware(std::string_view text) const;

    const efi::Firmware* firmware_;
    ReportPorts ports_;
    bool firmware_reaches_serial_;
};

} // namespace baton

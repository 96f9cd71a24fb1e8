// SPDX-License-Identifier: BSD-2-Clause
//
// Where text goes: the firmware's console while there is one, UARTs, the debug console.
#pragma once

#include "log/log.hpp"
#include "stage1-efi/efi.hpp"
#include "stage1/serial_port.hpp"

#include <string_view>

namespace baton {

class Console final : public LineSink {
  public:
    explicit Console(const efi::Firmware& firmware);

    /// On the firmware's console too, as long as it is there.
    void write_line(std::string_view text) override;
    /// On the ports alone: firmware draws 30 lines in more time than it takes to read a kernel.
    void write_log_line(std::string_view text) override;
    void write_private_line(std::string_view text) override { ports_.write_debug_line(text); }

    /// Log lines are for the firmware's console too, beginning with those that were in `log`.
    void show_log(std::string_view log);

    /// Boot services are about to go: no firmware call from here on.
    void detach_from_firmware() { firmware_ = nullptr; }
    bool attached_to_firmware() const { return firmware_ != nullptr; }

    /// Waits until a key is pressed, at most some seconds. Boot services are still there.
    void wait_for_key();

    const ReportPorts& ports() const { return ports_.ports(); }

  private:
    void write_to_firmware(std::string_view text) const;

    const efi::Firmware* firmware_;
    PortWriter ports_;
    bool shows_log_ = false;
};

} // namespace baton

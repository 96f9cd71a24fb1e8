// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/console.hpp"

#include "config/lines.hpp"
#include "stage1-efi/uarts.hpp"

#include <array>

namespace baton {
Console::Console(const efi::Firmware& firmware) : firmware_(&firmware) {
    add_uarts(firmware, ports_);
}

void Console::write_line(std::string_view text) {
    if (firmware_ != nullptr)
        write_to_firmware(text);
    ports_.write_line(text, firmware_ != nullptr);
}

void Console::write_log_line(std::string_view text) {
    if (shows_log_)
        write_line(text);
    else
        ports_.write_line(text);
}

/// A console that is on the serial port has them already.
void Console::show_log(std::string_view log) {
    if (firmware_ == nullptr || shows_log_)
        return;
    shows_log_ = true;
    while (!ports_.firmware_reaches_uart() && !log.empty())
        write_to_firmware(take_line(log));
}

void Console::write_to_firmware(std::string_view text) const {
    SIMPLE_TEXT_OUTPUT_INTERFACE* const output = firmware_->system->ConOut;
    if (output == nullptr)
        return;
    std::array<CHAR16, 128> buffer;
    std::size_t used = 0;
    const auto flush = [&] {
        buffer[used] = 0;
        output->OutputString(output, buffer.data());
        used = 0;
    };
    for (const std::string_view part : {text, std::string_view("\r\n")})
        for (std::size_t at = 0; at < part.size();) {
            buffer[used++] = take_ucs2(part, at);
            if (used == buffer.size() - 1)
                flush();
        }
    flush();
}

void Console::wait_for_key() {
    constexpr unsigned kTenthsOfSecond = 30;
    SIMPLE_INPUT_INTERFACE* const input = firmware_->system->ConIn;
    for (unsigned i = 0; i < kTenthsOfSecond; ++i) {
        EFI_INPUT_KEY key;
        if (input != nullptr && input->ReadKeyStroke(input, &key) == EFI_SUCCESS)
            return;
        firmware_->boot()->Stall(100'000);
    }
}

} // namespace baton

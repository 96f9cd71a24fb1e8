// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/console.hpp"

#include "config/lines.hpp"
#include "stage1/serial_port.hpp"

#include <algorithm>
#include <array>

namespace baton {
namespace {

constexpr EFI_GUID kTextOutputGuid = EFI_SIMPLE_TEXT_OUTPUT_PROTOCOL_GUID;
constexpr EFI_GUID kDevicePathGuid = EFI_DEVICE_PATH_PROTOCOL_GUID;

/// Whether a device path has a UART node (UEFI 2.10 section 10.3.4.15).
bool has_uart_node(const EFI_DEVICE_PATH* node) {
    constexpr uint8_t kMessaging = 3, kUart = 14, kEnd = 0x7f;
    while (node != nullptr && node->Type != kEnd) {
        if (node->Type == kMessaging && node->SubType == kUart)
            return true;
        const unsigned length = node->Length[0] | unsigned{node->Length[1]} << 8;
        if (length < sizeof *node)
            return false;
        node = reinterpret_cast<const EFI_DEVICE_PATH*>(reinterpret_cast<const std::byte*>(node) +
                                                        length);
    }
    return false;
}

bool is_u_boot(const CHAR16* vendor) {
    constexpr std::string_view kName = "Das U-Boot";
    return vendor != nullptr && std::equal(kName.begin(), kName.end(), vendor);
}

/// Whether what is written to ConOut comes out of the serial port by the firmware's own doing, so
/// that writing it there too would show each line twice. EDK2 has a terminal driver on the UART;
/// U-Boot's console is the serial port, and its device paths don't tell.
bool console_reaches_serial(const efi::Firmware& firmware) {
    if (is_u_boot(firmware.system->FirmwareVendor))
        return true;
    UINTN count = 0;
    EFI_HANDLE* handles = nullptr;
    EFI_GUID guid = kTextOutputGuid;
    if (efi::failed(
            firmware.boot()->LocateHandleBuffer(ByProtocol, &guid, nullptr, &count, &handles)))
        return false;
    bool found = false;
    for (UINTN i = 0; i < count && !found; ++i)
        found =
            has_uart_node(efi::protocol_on<EFI_DEVICE_PATH>(firmware, handles[i], kDevicePathGuid));
    firmware.boot()->FreePool(handles);
    return found;
}

} // namespace

Console::Console(const efi::Firmware& firmware)
    : firmware_(&firmware),
      ports_(find_report_ports()),
      firmware_reaches_serial_(firmware.system->ConOut != nullptr &&
                               console_reaches_serial(firmware)) {}

void Console::write_line(std::string_view text) {
    if (firmware_ != nullptr)
        write_to_firmware(text);
    ReportPorts ports = ports_;
    if (firmware_ != nullptr && firmware_reaches_serial_)
        ports.serial = 0;
    baton::write_line(ports, text);
}

void Console::write_log_line(std::string_view text) {
    if (shows_log_)
        write_line(text);
    else
        baton::write_line(ports_, text);
}

/// A console that is on the serial port has them already.
void Console::show_log(std::string_view log) {
    if (firmware_ == nullptr || shows_log_)
        return;
    shows_log_ = true;
    while (!firmware_reaches_serial_ && !log.empty())
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
        for (const char character : part) {
            buffer[used++] = static_cast<unsigned char>(character);
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

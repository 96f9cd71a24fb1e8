// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/uarts.hpp"

#include "serial/uart_sources.hpp"
#include "stage1-efi/firmware_facts.hpp"
#include "stage1-efi/firmware_frames.hpp"
#include "stage1/identity_memory.hpp"
#include "uefi/device_path.hpp"

#include <algorithm>

namespace baton {
namespace {

constexpr EFI_GUID kTextOutputGuid = EFI_SIMPLE_TEXT_OUTPUT_PROTOCOL_GUID;
constexpr EFI_GUID kSerialIoGuid = SERIAL_IO_PROTOCOL;

/// EFI_SIO_PROTOCOL: PI 1.7 volume 5, section 4.
struct Sio {
    void* RegisterAccess;
    EFI_STATUS(EFIAPI* GetResources)(const Sio* self, const void** list);
};
constexpr EFI_GUID kSioGuid = {
    0x215fdd18, 0xbd50, 0x4feb, {0x89, 0x0b, 0x58, 0xca, 0x0b, 0x47, 0x39, 0xe9}};

bool is_u_boot(const CHAR16* vendor) {
    constexpr std::string_view kName = "Das U-Boot";
    return vendor != nullptr && std::equal(kName.begin(), kName.end(), vendor);
}

/// What the driver of the chip that the UART is part of says.
std::optional<BatonUart> uart_of_sio(const efi::Firmware& firmware, const EFI_DEVICE_PATH* path) {
    auto* rest = const_cast<EFI_DEVICE_PATH*>(path);
    EFI_HANDLE handle = nullptr;
    EFI_GUID guid = kSioGuid;
    if (efi::failed(firmware.boot()->LocateDevicePath(&guid, &rest, &handle)))
        return {};
    const auto* const sio = efi::protocol_on<Sio>(firmware, handle, kSioGuid);
    const void* list = nullptr;
    if (sio == nullptr || efi::failed(sio->GetResources(sio, &list)) || list == nullptr)
        return {};
    return uart_of_resources({static_cast<const std::byte*>(list), kMaxResourceBytes});
}

std::optional<BatonUart> uart_at(const efi::Firmware& firmware, const EFI_DEVICE_PATH* path,
                                 const UartPath& named) {
    switch (named.parent) {
    case UartPath::Parent::pci:
        return find_pci_uart({reinterpret_cast<const std::byte*>(path), kMaxDevicePathBytes});
    case UartPath::Parent::acpi_serial:
        if (const auto uart = uart_of_sio(firmware, path))
            return uart;
        return named.uid < kComPorts.size() ? probe_uart(kComPorts[named.uid]) : std::nullopt;
    default:
        return {};
    }
}

class UartFinder {
  public:
    UartFinder(const efi::Firmware& firmware, PortWriter& writer)
        : firmware_(firmware),
          writer_(writer) {}

    /// Those that the handles with this protocol name. Whether all of them are known.
    bool add_of(EFI_GUID guid, bool are_consoles) {
        UINTN count = 0;
        EFI_HANDLE* handles = nullptr;
        if (efi::failed(
                firmware_.boot()->LocateHandleBuffer(ByProtocol, &guid, nullptr, &count, &handles)))
            return true;
        bool all_known = true;
        for (UINTN i = 0; i < count; ++i) {
            const auto* const path =
                efi::protocol_on<EFI_DEVICE_PATH>(firmware_, handles[i], efi::kDevicePathGuid);
            if (path == nullptr)
                continue;
            const auto named =
                uart_of_path({reinterpret_cast<const std::byte*>(path), kMaxDevicePathBytes});
            if (!named)
                continue;
            const auto uart = uart_at(firmware_, path, *named);
            add(uart, are_consoles);
            all_known = all_known && uart;
        }
        firmware_.boot()->FreePool(handles);
        return all_known;
    }

    void add(const std::optional<BatonUart>& uart, bool is_console = false) {
        if (uart && (memory_of(*uart).empty() || is_device(memory_of(*uart))))
            writer_.add(*uart, is_console);
    }

  private:
    /// Whether there is no memory, which a wrong address would overwrite, and all is mapped.
    bool is_device(PhysRange range) const {
        const RangeSet nothing;
        FirmwareFrames frames(firmware_, nothing);
        const auto map = frames.memory_map();
        if (!map || !is_identity_mapped(range, true))
            return false;
        for (std::size_t i = 0; i < map->size(); ++i)
            if (efi_range((*map)[i]).overlaps(range) &&
                efi_memory_type((*map)[i]) != BATON_MEMORY_RESERVED)
                return false;
        return true;
    }

    const efi::Firmware& firmware_;
    PortWriter& writer_;
};

} // namespace

/// EDK II has a terminal driver on its consoles' UARTs; U-Boot's console is the serial port, and
/// its device paths don't say so.
void add_uarts(const efi::Firmware& firmware, PortWriter& writer) {
    const bool has_console = firmware.system->ConOut != nullptr;
    UartFinder finder(firmware, writer);
    const bool all_known = finder.add_of(kTextOutputGuid, has_console);
    finder.add_of(kSerialIoGuid, false);
    finder.add(find_spcr_uart(IdentityMemory(), {find_rsdp(firmware)}));
    if (writer.ports().uart_count == 0) {
        const ReportPorts found = find_pci_uarts();
        for (const BatonUart& uart : found.all())
            finder.add(uart);
    }
    finder.add(probe_uart(kCom1),
               has_console && (!all_known || is_u_boot(firmware.system->FirmwareVendor)));
}

} // namespace baton

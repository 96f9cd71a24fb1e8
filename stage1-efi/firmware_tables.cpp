// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/firmware_tables.hpp"

#include <bit>
#include <span>

namespace baton {
namespace {

constexpr EFI_GUID kGraphicsOutputGuid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
constexpr EFI_GUID kAcpi10Guid = ACPI_TABLE_GUID;
constexpr EFI_GUID kAcpi20Guid = ACPI_20_TABLE_GUID;
constexpr EFI_GUID kSmbiosGuid = SMBIOS_TABLE_GUID;
constexpr EFI_GUID kSmbios3Guid = {
    0xf2fd1544, 0x9794, 0x4a2c, {0x99, 0x2e, 0xe5, 0xbb, 0xcf, 0x20, 0xe3, 0x94}};

bool same(const EFI_GUID& a, const EFI_GUID& b) {
    return std::bit_cast<std::array<uint8_t, 16>>(a) == std::bit_cast<std::array<uint8_t, 16>>(b);
}

/// A colour channel given as a mask of consecutive bits.
void set_channel(uint32_t mask, uint8_t& shift, uint8_t& bits) {
    shift = 0;
    bits = 0;
    if (mask == 0)
        return;
    while ((mask >> shift & 1) == 0)
        ++shift;
    while (shift + bits < 32 && (mask >> (shift + bits) & 1) != 0)
        ++bits;
}

struct PixelMasks {
    uint32_t red, green, blue, reserved;
};

/// The masks of a pixel format; nothing where there are no pixels in memory (PixelBltOnly).
std::optional<PixelMasks> masks_of(const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION& mode) {
    switch (mode.PixelFormat) {
    case PixelRedGreenBlueReserved8BitPerColor:
        return PixelMasks{0x0000'00ff, 0x0000'ff00, 0x00ff'0000, 0xff00'0000};
    case PixelBlueGreenRedReserved8BitPerColor:
        return PixelMasks{0x00ff'0000, 0x0000'ff00, 0x0000'00ff, 0xff00'0000};
    case PixelBitMask:
        return PixelMasks{mode.PixelInformation.RedMask, mode.PixelInformation.GreenMask,
                          mode.PixelInformation.BlueMask, mode.PixelInformation.ReservedMask};
    default:
        return {};
    }
}

/// Bits of a pixel: up to the highest one that any mask names, in whole bytes (UEFI 2.10 section
/// 12.9.2, EFI_PIXEL_BITMASK).
uint16_t pixel_bits(const PixelMasks& masks) {
    const uint32_t all = masks.red | masks.green | masks.blue | masks.reserved;
    return static_cast<uint16_t>((32 - std::countl_zero(all) + 7) / 8 * 8);
}

std::optional<BatonFramebuffer> framebuffer_of(const EFI_GRAPHICS_OUTPUT_PROTOCOL& protocol) {
    const auto* const current = protocol.Mode;
    if (current == nullptr || current->Info == nullptr || current->FrameBufferBase == 0 ||
        current->FrameBufferSize == 0)
        return {};
    const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION& mode = *current->Info;
    const auto masks = masks_of(mode);
    if (!masks)
        return {};
    const uint16_t bits = pixel_bits(*masks);
    BatonFramebuffer framebuffer{};
    framebuffer.base_physical = current->FrameBufferBase;
    framebuffer.bytes = current->FrameBufferSize;
    framebuffer.width_pixels = mode.HorizontalResolution;
    framebuffer.height_pixels = mode.VerticalResolution;
    framebuffer.pitch_bytes = mode.PixelsPerScanLine * (bits / 8);
    framebuffer.bits_per_pixel = bits;
    set_channel(masks->red, framebuffer.red_shift, framebuffer.red_bits);
    set_channel(masks->green, framebuffer.green_shift, framebuffer.green_bits);
    set_channel(masks->blue, framebuffer.blue_shift, framebuffer.blue_bits);
    return framebuffer;
}

} // namespace

std::optional<BatonFramebuffer> find_framebuffer(const efi::Firmware& firmware) {
    UINTN count = 0;
    EFI_HANDLE* handles = nullptr;
    EFI_GUID guid = kGraphicsOutputGuid;
    if (efi::failed(
            firmware.boot()->LocateHandleBuffer(ByProtocol, &guid, nullptr, &count, &handles)))
        return {};
    std::optional<BatonFramebuffer> framebuffer;
    for (UINTN i = 0; i < count && !framebuffer; ++i)
        if (const auto* const protocol = efi::protocol_on<EFI_GRAPHICS_OUTPUT_PROTOCOL>(
                firmware, handles[i], kGraphicsOutputGuid))
            framebuffer = framebuffer_of(*protocol);
    firmware.boot()->FreePool(handles);
    return framebuffer;
}

void add_firmware_tables(const efi::Firmware& firmware, BatonBootInfo& info) {
    const EFI_SYSTEM_TABLE& system = *firmware.system;
    info.efi_system_table_physical = reinterpret_cast<uint64_t>(&system);
    uint64_t acpi10 = 0;
    for (const EFI_CONFIGURATION_TABLE& table :
         std::span(system.ConfigurationTable, system.NumberOfTableEntries)) {
        const auto address = reinterpret_cast<uint64_t>(table.VendorTable);
        if (same(table.VendorGuid, kAcpi20Guid))
            info.rsdp_physical = address;
        if (same(table.VendorGuid, kAcpi10Guid))
            acpi10 = address;
        if (same(table.VendorGuid, kSmbiosGuid))
            info.smbios_physical = address;
        if (same(table.VendorGuid, kSmbios3Guid))
            info.smbios3_physical = address;
    }
    if (info.rsdp_physical == 0)
        info.rsdp_physical = acpi10;
}

} // namespace baton

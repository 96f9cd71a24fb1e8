// SPDX-License-Identifier: BSD-2-Clause
#include "display.hpp"

#include <cstring>

namespace shim {
namespace {

constexpr EFI_GUID kGraphicsOutputGuid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
constexpr UINT32 kModes = 2;
constexpr UINTN kBytesPerPage = 4096;

using Mode = EFI_GRAPHICS_OUTPUT_MODE_INFORMATION;

struct Display {
    EFI_GRAPHICS_OUTPUT_PROTOCOL protocol;
    EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE state;
    Mode modes[kModes];
};

Display& display_of(EFI_GRAPHICS_OUTPUT_PROTOCOL* protocol) {
    return *reinterpret_cast<Display*>(protocol); // its first member
}

EFI_STATUS EFIAPI query_mode(EFI_GRAPHICS_OUTPUT_PROTOCOL* protocol, UINT32 number, UINTN* bytes,
                             Mode** info) {
    if (number >= kModes)
        return EFI_INVALID_PARAMETER;
    *bytes = sizeof(Mode);
    *info = static_cast<Mode*>(allocate_pool(sizeof(Mode)));
    **info = display_of(protocol).modes[number];
    return EFI_SUCCESS;
}

EFI_STATUS EFIAPI set_mode(EFI_GRAPHICS_OUTPUT_PROTOCOL* protocol, UINT32 number) {
    if (number >= kModes)
        return EFI_UNSUPPORTED;
    protocol->Mode->Mode = number;
    protocol->Mode->Info = &display_of(protocol).modes[number];
    return EFI_SUCCESS;
}

void set_format(std::string_view format, Mode& mode) {
    if (format == "565") {
        mode.PixelFormat = PixelBitMask;
        mode.PixelInformation = {
            .RedMask = 0xf800, .GreenMask = 0x07e0, .BlueMask = 0x001f, .ReservedMask = 0};
    } else if (format == "rgb") {
        mode.PixelFormat = PixelRedGreenBlueReserved8BitPerColor;
    } else if (format == "bgr") {
        mode.PixelFormat = PixelBlueGreenRedReserved8BitPerColor;
    } else if (format == "blt") {
        mode.PixelFormat = PixelBltOnly;
    } else {
        give_up("not a pixel format", format);
    }
}

} // namespace

void add_display(std::string_view arguments) {
    constexpr UINT32 kPadding = 16; // pixels at the end of each line
    constexpr UINTN kLargestPixel = 4;
    auto& display = *new (allocate_pool(sizeof(Display))) Display{};
    Mode& first = display.modes[0];
    first.HorizontalResolution = static_cast<UINT32>(take_number(arguments));
    first.VerticalResolution = static_cast<UINT32>(take_number(arguments));
    first.PixelsPerScanLine = first.HorizontalResolution + kPadding;
    set_format(take_word(arguments), first);
    display.modes[1] = first;
    display.modes[1].HorizontalResolution /= 2;
    display.modes[1].VerticalResolution /= 2;

    const UINTN bytes = UINTN{first.PixelsPerScanLine} * first.VerticalResolution * kLargestPixel;
    const UINTN pages = bytes / kBytesPerPage + 1;
    display.state = {.MaxMode = kModes,
                     .Mode = 0,
                     .Info = &display.modes[0],
                     .SizeOfInfo = sizeof(Mode),
                     .FrameBufferBase = 0,
                     .FrameBufferSize = 0};
    if (first.PixelFormat != PixelBltOnly) {
        display.state.FrameBufferBase = reinterpret_cast<EFI_PHYSICAL_ADDRESS>(
            allocate_pages(pages, EfiReservedMemoryType, EFI_PHYSICAL_ADDRESS{1} << 32));
        display.state.FrameBufferSize = pages * kBytesPerPage;
    }
    display.protocol.QueryMode = query_mode;
    display.protocol.SetMode = set_mode;
    display.protocol.Mode = &display.state;
    EFI_HANDLE handle = nullptr;
    install(handle, kGraphicsOutputGuid, &display.protocol, "a display");
}

void add_edid(std::string_view arguments) {
    struct EdidActive { // EFI_EDID_ACTIVE_PROTOCOL, UEFI 2.10 section 12.9.2.4
        UINT32 bytes;
        UINT8* edid;
    };
    constexpr EFI_GUID kEdidActiveGuid = {
        0xbd8c1056, 0x9f36, 0x44ec, {0x92, 0xa8, 0xa6, 0x33, 0x7f, 0x81, 0x79, 0x86}};
    constexpr UINT8 kHeader[] = {0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0};
    constexpr UINTN kBlock = 128;

    const UINTN bytes = take_number(arguments);
    auto* const edid = static_cast<UINT8*>(allocate_pool(bytes));
    for (UINTN i = 0; i < bytes; ++i)
        edid[i] = i < sizeof kHeader ? kHeader[i] : static_cast<UINT8>(i);
    for (UINTN block = 0; block < bytes; block += kBlock) { // each adds up to 0
        UINT8 sum = 0;
        for (UINTN i = 0; i < kBlock - 1; ++i)
            sum = static_cast<UINT8>(sum + edid[block + i]);
        edid[block + kBlock - 1] = static_cast<UINT8>(-sum);
    }
    auto* const active = new (allocate_pool(sizeof(EdidActive)))
        EdidActive{.bytes = static_cast<UINT32>(bytes), .edid = edid};

    UINTN count = 0;
    EFI_HANDLE* handles = nullptr;
    EFI_GUID guid = kGraphicsOutputGuid;
    if (failed(firmware.boot->LocateHandleBuffer(ByProtocol, &guid, nullptr, &count, &handles)))
        give_up("no display for", "an EDID");
    for (UINTN i = 0; i < count; ++i)
        install(handles[i], kEdidActiveGuid, active, "an EDID");
}

} // namespace shim

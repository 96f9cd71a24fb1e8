// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/graphics.hpp"

#include "core/arena.hpp"
#include "core/video_mode.hpp"

#include <algorithm>
#include <bit>
#include <optional>

namespace baton {
namespace {

constexpr EFI_GUID kGraphicsOutputGuid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;

/// EFI_EDID_ACTIVE_PROTOCOL, UEFI 2.10 section 12.9.2.4.
struct EdidActive {
    UINT32 SizeOfEdid;
    UINT8* Edid;
};
constexpr EFI_GUID kEdidActiveGuid = {
    0xbd8c1056, 0x9f36, 0x44ec, {0x92, 0xa8, 0xa6, 0x33, 0x7f, 0x81, 0x79, 0x86}};

using ModeInfo = EFI_GRAPHICS_OUTPUT_MODE_INFORMATION;

struct PixelMasks {
    uint32_t red, green, blue, reserved;
};

/// All 0 where there are no pixels in memory (PixelBltOnly).
PixelMasks masks_of(const ModeInfo& mode) {
    switch (mode.PixelFormat) {
    case PixelRedGreenBlueReserved8BitPerColor:
        return {0x0000'00ff, 0x0000'ff00, 0x00ff'0000, 0xff00'0000};
    case PixelBlueGreenRedReserved8BitPerColor:
        return {0x00ff'0000, 0x0000'ff00, 0x0000'00ff, 0xff00'0000};
    case PixelBitMask:
        return {mode.PixelInformation.RedMask, mode.PixelInformation.GreenMask,
                mode.PixelInformation.BlueMask, mode.PixelInformation.ReservedMask};
    default:
        return {};
    }
}

/// Lowest bit and number of bits of a mask of consecutive bits.
void set_channel(uint32_t mask, uint8_t& shift, uint8_t& bits) {
    shift = mask == 0 ? 0 : static_cast<uint8_t>(std::countr_zero(mask));
    bits = static_cast<uint8_t>(std::countr_one(mask >> shift));
}

/// A pixel has bits up to the highest one that any mask names, in whole bytes (UEFI 2.10 section
/// 12.9.2, EFI_PIXEL_BITMASK).
BatonVideoMode describe(const ModeInfo& mode) {
    const PixelMasks masks = masks_of(mode);
    const uint32_t all = masks.red | masks.green | masks.blue | masks.reserved;
    BatonVideoMode result{};
    result.width_pixels = mode.HorizontalResolution;
    result.height_pixels = mode.VerticalResolution;
    result.bits_per_pixel = static_cast<uint16_t>((32 - std::countl_zero(all) + 7) / 8 * 8);
    result.pitch_bytes = mode.PixelsPerScanLine * (result.bits_per_pixel / 8);
    result.linear = all != 0;
    set_channel(masks.red, result.red_shift, result.red_bits);
    set_channel(masks.green, result.green_shift, result.green_bits);
    set_channel(masks.blue, result.blue_shift, result.blue_bits);
    return result;
}

std::optional<BatonFramebuffer> framebuffer_of(const EFI_GRAPHICS_OUTPUT_PROTOCOL& protocol) {
    const auto* const current = protocol.Mode;
    if (current == nullptr || current->Info == nullptr || current->FrameBufferBase == 0 ||
        current->FrameBufferSize == 0)
        return {};
    const BatonVideoMode mode = describe(*current->Info);
    if (mode.linear == 0)
        return {};
    return framebuffer_in(mode, current->FrameBufferBase, current->FrameBufferSize);
}

std::optional<BatonVideoMode> query_mode(const efi::Firmware& firmware,
                                         EFI_GRAPHICS_OUTPUT_PROTOCOL* protocol, uint32_t number) {
    UINTN bytes = 0;
    ModeInfo* info = nullptr;
    if (efi::failed(protocol->QueryMode(protocol, number, &bytes, &info)) || info == nullptr)
        return {};
    const BatonVideoMode mode = describe(*info);
    firmware.boot()->FreePool(info);
    return mode;
}

/// The handles that have a Graphics Output Protocol. Freed when it goes.
class GraphicsHandles {
  public:
    explicit GraphicsHandles(const efi::Firmware& firmware) : firmware_(firmware) {
        EFI_GUID guid = kGraphicsOutputGuid;
        if (efi::failed(firmware.boot()->LocateHandleBuffer(ByProtocol, &guid, nullptr, &count_,
                                                            &handles_)))
            count_ = 0;
    }
    ~GraphicsHandles() {
        if (handles_ != nullptr)
            firmware_.boot()->FreePool(handles_);
    }
    GraphicsHandles(const GraphicsHandles&) = delete;
    GraphicsHandles& operator=(const GraphicsHandles&) = delete;

    std::span<const EFI_HANDLE> all() const { return {handles_, count_}; }
    EFI_GRAPHICS_OUTPUT_PROTOCOL* protocol(EFI_HANDLE handle) const {
        return efi::protocol_on<EFI_GRAPHICS_OUTPUT_PROTOCOL>(firmware_, handle,
                                                              kGraphicsOutputGuid);
    }

  private:
    const efi::Firmware& firmware_;
    UINTN count_ = 0;
    EFI_HANDLE* handles_ = nullptr;
};

uint32_t mode_count(const EFI_GRAPHICS_OUTPUT_PROTOCOL* protocol) {
    return protocol == nullptr || protocol->Mode == nullptr ? 0 : protocol->Mode->MaxMode;
}

[[gnu::noinline]] bool set_mode(EFI_GRAPHICS_OUTPUT_PROTOCOL* protocol, UINT32 number) {
    return !efi::failed(protocol->SetMode(protocol, number));
}

} // namespace

void restore_mode(const FormerMode& former) {
    set_mode(former.adapter, former.number);
}

Result<bool> set_requested_mode(const efi::Firmware& firmware, const Requests& requests,
                                std::optional<FormerMode>& former) {
    const auto& request = requests.framebuffer;
    if (request.width == 0 && request.height == 0)
        return true;
    const GraphicsHandles handles(firmware);
    for (EFI_HANDLE handle : handles.all()) {
        auto* const protocol = handles.protocol(handle);
        for (uint32_t number = 0; number < mode_count(protocol); ++number) {
            const auto mode = query_mode(firmware, protocol, number);
            if (!mode || mode->linear == 0 || mode->width_pixels != request.width ||
                mode->height_pixels != request.height)
                continue;
            const FormerMode before{protocol, protocol->Mode->Mode};
            if (number == before.number)
                return true;
            if (set_mode(protocol, number)) {
                former = before;
                return true;
            }
        }
    }
    if (request.required)
        return request_not_met(BATON_REQUEST_FRAMEBUFFER, request.width, request.height);
    return false;
}

Result<std::span<const Display>> find_displays(const efi::Firmware& firmware, Arena& arena) {
    const GraphicsHandles handles(firmware);
    uint64_t modes = 0;
    for (EFI_HANDLE handle : handles.all())
        modes += mode_count(handles.protocol(handle));
    if (handles.all().empty())
        return std::span<const Display>{};
    const auto displays = TRY(arena.array<Display>(handles.all().size()));
    const auto all_modes = TRY(arena.array<BatonVideoMode>(modes));

    std::size_t count = 0;
    std::size_t modes_used = 0;
    for (EFI_HANDLE handle : handles.all()) {
        auto* const protocol = handles.protocol(handle);
        const auto framebuffer = protocol ? framebuffer_of(*protocol) : std::nullopt;
        const auto known = displays.first(count);
        if (!framebuffer || std::any_of(known.begin(), known.end(), [&](const Display& other) {
                return other.framebuffer.base_physical == framebuffer->base_physical;
            }))
            continue;
        Display& display = displays[count++];
        display.framebuffer = *framebuffer;
        if (const auto* const edid =
                efi::protocol_on<EdidActive>(firmware, handle, kEdidActiveGuid);
            edid != nullptr && edid->Edid != nullptr)
            display.edid = std::as_bytes(std::span(edid->Edid, edid->SizeOfEdid));
        const std::size_t first = modes_used;
        for (uint32_t i = 0; i < mode_count(protocol) && modes_used < all_modes.size(); ++i)
            if (const auto mode = query_mode(firmware, protocol, i))
                all_modes[modes_used++] = *mode;
        display.modes = all_modes.subspan(first, modes_used - first);
    }
    return displays.first(count);
}

} // namespace baton

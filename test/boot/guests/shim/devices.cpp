// SPDX-License-Identifier: BSD-2-Clause
#include "devices.hpp"

#include "faults.hpp"
#include "processor.hpp"

#include <array>

namespace shim {
namespace {

struct Rng { // EFI_RNG_PROTOCOL, UEFI 2.10 section 37.5
    void* GetInfo;
    EFI_STATUS(EFIAPI* GetRNG)(Rng* self, EFI_GUID* algorithm, UINTN bytes, UINT8* value);
};
constexpr EFI_GUID kRngGuid = {
    0x3152bca5, 0xeade, 0x433d, {0x86, 0x2e, 0xc0, 0x1c, 0xdc, 0x29, 0x1f, 0x44}};

struct DevicePathToText { // UEFI 2.10 section 10.6.2
    void* ConvertDeviceNodeToText;
    CHAR16*(EFIAPI* ConvertDevicePathToText)(const EFI_DEVICE_PATH* path, BOOLEAN display_only,
                                             BOOLEAN allow_shortcuts);
};
constexpr EFI_GUID kToTextGuid = {
    0x8b843e20, 0x8132, 0x4852, {0x90, 0xcc, 0x55, 0x1a, 0x4e, 0x4a, 0x7f, 0x1c}};

struct MemoryAttribute { // UEFI 2.10 section 37.1
    using Function = EFI_STATUS(EFIAPI*)(MemoryAttribute* self, EFI_PHYSICAL_ADDRESS base,
                                         UINT64 length, UINT64 attributes);
    void* GetMemoryAttributes;
    Function SetMemoryAttributes;
    Function ClearMemoryAttributes;
};
constexpr EFI_GUID kMemoryAttributeGuid = {
    0xf4560cf6, 0x40ec, 0x4b4a, {0xa1, 0x92, 0xbf, 0x1d, 0x57, 0xd0, 0xb1, 0x89}};

struct Sio { // EFI_SIO_PROTOCOL, PI 1.7 volume 5, section 4
    void* RegisterAccess;
    EFI_STATUS(EFIAPI* GetResources)(const Sio* self, const void** list);
};
constexpr EFI_GUID kSioGuid = {
    0x215fdd18, 0xbd50, 0x4feb, {0x89, 0x0b, 0x58, 0xca, 0x0b, 0x47, 0x39, 0xe9}};

constexpr EFI_GUID kGraphicsOutputGuid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
constexpr EFI_GUID kBlockIoGuid = EFI_BLOCK_IO_PROTOCOL_GUID;

/// Displays have different drivers, so each has functions of its own.
struct Display {
    EFI_GRAPHICS_OUTPUT_PROTOCOL* protocol;
    EFI_GRAPHICS_OUTPUT_PROTOCOL real;
};
std::array<Display, 4> displays;
std::size_t display_count;

const EFI_GRAPHICS_OUTPUT_PROTOCOL& real(const EFI_GRAPHICS_OUTPUT_PROTOCOL* protocol) {
    std::size_t i = 0;
    while (displays[i].protocol != protocol)
        ++i;
    return displays[i].real;
}

EFI_STATUS EFIAPI hooked_query_mode(EFI_GRAPHICS_OUTPUT_PROTOCOL* display, UINT32 mode,
                                    UINTN* bytes, EFI_GRAPHICS_OUTPUT_MODE_INFORMATION** info) {
    if (const auto status = planned_failure(Call::QueryMode, __builtin_return_address(0)))
        return *status;
    return real(display).QueryMode(display, mode, bytes, info);
}

EFI_STATUS EFIAPI hooked_set_mode(EFI_GRAPHICS_OUTPUT_PROTOCOL* display, UINT32 mode) {
    if (const auto status = planned_failure(Call::SetMode, __builtin_return_address(0)))
        return *status;
    return real(display).SetMode(display, mode);
}

void hook_displays() {
    UINTN count = 0;
    EFI_HANDLE* handles = nullptr;
    EFI_GUID guid = kGraphicsOutputGuid;
    if (failed(firmware.boot->LocateHandleBuffer(ByProtocol, &guid, nullptr, &count, &handles)))
        return;
    for (UINTN i = 0; i < count && display_count < displays.size(); ++i) {
        auto* const display =
            protocol_on<EFI_GRAPHICS_OUTPUT_PROTOCOL>(handles[i], kGraphicsOutputGuid);
        displays[display_count++] = {display, *display};
        display->QueryMode = hooked_query_mode;
        display->SetMode = hooked_set_mode;
    }
}

decltype(DevicePathToText::ConvertDevicePathToText) convert_to_text;

CHAR16* EFIAPI hooked_convert_to_text(const EFI_DEVICE_PATH* path, BOOLEAN display_only,
                                      BOOLEAN allow_shortcuts) {
    if (planned_failure(Call::ConvertDevicePathToText, __builtin_return_address(0)))
        return nullptr;
    return convert_to_text(path, display_only, allow_shortcuts);
}

/// All disks, of which the loader reads one: they have the same driver.
void hook_disks() {
    UINTN count = 0;
    EFI_HANDLE* handles = nullptr;
    EFI_GUID guid = kBlockIoGuid;
    if (failed(firmware.boot->LocateHandleBuffer(ByProtocol, &guid, nullptr, &count, &handles)))
        return;
    for (UINTN i = 0; i < count; ++i) {
        auto* const disk = protocol_on<EFI_BLOCK_IO_PROTOCOL>(handles[i], kBlockIoGuid);
        if (disk->Media->LogicalPartition == 0)
            hook<Call::ReadBlocks>(disk->ReadBlocks);
    }
}

/// All ports of a Super I/O chip: they have the same driver, each its own functions.
void hook_super_io() {
    UINTN count = 0;
    EFI_HANDLE* handles = nullptr;
    EFI_GUID guid = kSioGuid;
    if (failed(firmware.boot->LocateHandleBuffer(ByProtocol, &guid, nullptr, &count, &handles)))
        return;
    for (UINTN i = 0; i < count; ++i)
        hook<Call::GetResources>(protocol_on<Sio>(handles[i], kSioGuid)->GetResources);
}

EFI_STATUS EFIAPI change_nothing(MemoryAttribute*, EFI_PHYSICAL_ADDRESS, UINT64, UINT64) {
    return EFI_SUCCESS;
}
/// What real ones do to change the attributes of less than a large page.
EFI_STATUS EFIAPI split_page(MemoryAttribute*, EFI_PHYSICAL_ADDRESS base, UINT64, UINT64) {
    split_large_page(base);
    return EFI_SUCCESS;
}
MemoryAttribute memory_attribute;

} // namespace

void add_memory_attributes() {
    if (first_protocol<MemoryAttribute>(kMemoryAttributeGuid) != nullptr)
        give_up("already there", "memory attributes");
    memory_attribute.SetMemoryAttributes = split_page;
    memory_attribute.ClearMemoryAttributes = change_nothing;
    hook<Call::SetMemoryAttributes>(memory_attribute.SetMemoryAttributes);
    hook<Call::ClearMemoryAttributes>(memory_attribute.ClearMemoryAttributes);
    EFI_HANDLE handle = nullptr;
    install(handle, kMemoryAttributeGuid, &memory_attribute, "memory attributes");
}

void hook_devices() {
    hook_disks();
    hook_super_io();
    if (auto* const rng = first_protocol<Rng>(kRngGuid); rng != nullptr)
        hook<Call::GetRNG>(rng->GetRNG);
    if (auto* const text = first_protocol<DevicePathToText>(kToTextGuid); text != nullptr) {
        convert_to_text = text->ConvertDevicePathToText;
        text->ConvertDevicePathToText = hooked_convert_to_text;
    }
    hook_displays();
    if (auto* const output = firmware.system->ConOut; output != nullptr)
        hook<Call::OutputString>(output->OutputString);
    if (auto* const input = firmware.system->ConIn; input != nullptr)
        hook<Call::ReadKeyStroke>(input->ReadKeyStroke);
}

} // namespace shim

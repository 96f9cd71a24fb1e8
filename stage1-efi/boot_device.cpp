// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/boot_device.hpp"

#include "config/unicode.hpp"
#include "stage1-efi/tftp.hpp"
#include "uefi/device_path.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace baton {
namespace {

constexpr EFI_GUID kBlockIoGuid = EFI_BLOCK_IO_PROTOCOL_GUID;
constexpr EFI_GUID kToTextGuid = {
    0x8b843e20, 0x8132, 0x4852, {0x90, 0xcc, 0x55, 0x1a, 0x4e, 0x4a, 0x7f, 0x1c}};

/// EFI_DEVICE_PATH_TO_TEXT_PROTOCOL, UEFI 2.10 section 10.6.2.
struct DevicePathToText {
    void* ConvertDeviceNodeToText;
    CHAR16*(EFIAPI* ConvertDevicePathToText)(const EFI_DEVICE_PATH* path, BOOLEAN display_only,
                                             BOOLEAN allow_shortcuts);
};

const EFI_LOADED_IMAGE_PROTOCOL* loaded_image(const efi::Firmware& firmware) {
    return efi::protocol_on<EFI_LOADED_IMAGE_PROTOCOL>(firmware, firmware.image,
                                                       efi::kLoadedImageGuid);
}

const EFI_DEVICE_PATH* path_of(const efi::Firmware& firmware,
                               const EFI_LOADED_IMAGE_PROTOCOL& image) {
    return efi::protocol_on<EFI_DEVICE_PATH>(firmware, image.DeviceHandle, efi::kDevicePathGuid);
}

/// The whole disk that a partition is on: the handle whose path is that of the partition's parent.
EFI_BLOCK_IO_PROTOCOL* parent_disk(const efi::Firmware& firmware, Bytes parent) {
    std::array<std::byte, 512> copy;
    if (parent.size() + sizeof kDevicePathEnd > copy.size())
        return nullptr;
    std::copy(parent.begin(), parent.end(), copy.begin());
    std::memcpy(copy.data() + parent.size(), &kDevicePathEnd, sizeof kDevicePathEnd);
    auto* rest = reinterpret_cast<EFI_DEVICE_PATH*>(copy.data());
    EFI_HANDLE handle = nullptr;
    EFI_GUID guid = kBlockIoGuid;
    if (efi::failed(firmware.boot()->LocateDevicePath(&guid, &rest, &handle)))
        return nullptr;
    return efi::protocol_on<EFI_BLOCK_IO_PROTOCOL>(firmware, handle, kBlockIoGuid);
}

/// The disk GUID of the GPT header in block 1: UEFI 2.10 section 5.3.2.
void read_disk_guid(EFI_BLOCK_IO_PROTOCOL* disk, Arena& arena, BatonGuid& guid) {
    constexpr std::size_t kDiskGuidOffset = 56;
    if (disk == nullptr || disk->Media == nullptr || disk->Media->BlockSize > kPageBytes)
        return;
    struct alignas(kPageBytes) Page {
        std::byte bytes[kPageBytes];
    };
    const auto page = arena.scratch<Page>(1);
    if (!page)
        return;
    std::byte* const block = page->front().bytes;
    if (efi::failed(disk->ReadBlocks(disk, disk->Media->MediaId, 1, disk->Media->BlockSize, block)))
        return;
    if (std::memcmp(block, "EFI PART", 8) == 0)
        std::memcpy(guid.bytes, block + kDiskGuidOffset, sizeof guid.bytes);
}

BatonBootDevice describe(const efi::Firmware& firmware, const EFI_DEVICE_PATH* path, Arena& arena) {
    const Bytes bytes(reinterpret_cast<const std::byte*>(path), kMaxDevicePathBytes);
    DevicePathFacts facts = read_device_path(bytes);
    if (facts.record.kind == BATON_BOOT_DEVICE_GPT)
        read_disk_guid(parent_disk(firmware, bytes.first(facts.partition)), arena,
                       facts.record.disk_guid);
    return facts.record;
}

/// A device path as text, in `arena`.
Result<std::string_view> text_of(const efi::Firmware& firmware, const EFI_DEVICE_PATH* path,
                                 Arena& arena) {
    auto* const converter = efi::locate_protocol<DevicePathToText>(firmware, kToTextGuid);
    CHAR16* const wide = converter == nullptr || path == nullptr
                             ? nullptr
                             : converter->ConvertDevicePathToText(path, 0, 0);
    if (wide == nullptr)
        return std::string_view{};
    auto text = efi::text_of(wide, arena);
    firmware.boot()->FreePool(wide);
    return text;
}

} // namespace

Result<void> add_boot_device(const efi::Firmware& firmware, Arena& arena, MachineFacts& facts) {
    const auto* const image = loaded_image(firmware);
    if (image == nullptr || image->DeviceHandle == nullptr)
        return {};
    const auto* const path = path_of(firmware, *image);
    if (path != nullptr)
        facts.boot_device = describe(firmware, path, arena);
    facts.device_path = TRY(text_of(firmware, path, arena));
    std::string_view loader_path = TRY(text_of(firmware, image->FilePath, arena));
    // What DHCP says overrides the device path, which mostly leaves it open.
    const auto* const pxe = find_pxe(firmware, image->DeviceHandle);
    const auto server = pxe == nullptr ? std::nullopt : find_boot_server(*pxe);
    if (server) {
        set_boot_server(facts.boot_device, std::as_bytes(std::span(&server->address, 1)));
        loader_path = server->file;
    }
    const auto slashes = TRY(arena.scratch<char>(loader_path.size()));
    std::ranges::replace_copy(loader_path, slashes.begin(), '\\', '/');
    facts.loader_path = {slashes.data(), slashes.size()};
    return {};
}

uint32_t boot_partition(const efi::Firmware& firmware) {
    const auto* const image = loaded_image(firmware);
    const auto* const path =
        image == nullptr || image->DeviceHandle == nullptr ? nullptr : path_of(firmware, *image);
    if (path == nullptr)
        return 0;
    return read_device_path({reinterpret_cast<const std::byte*>(path), kMaxDevicePathBytes})
        .record.partition_number;
}

Bytes load_options(const efi::Firmware& firmware) {
    const auto* const image = loaded_image(firmware);
    if (image == nullptr || image->LoadOptions == nullptr)
        return {};
    return {static_cast<const std::byte*>(image->LoadOptions), image->LoadOptionsSize};
}

} // namespace baton

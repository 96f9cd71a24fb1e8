// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/boot_device.hpp"

#include "config/unicode.hpp"
#include "stage1-efi/tftp.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace baton {
namespace {

constexpr EFI_GUID kLoadedImageGuid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
constexpr EFI_GUID kDevicePathGuid = EFI_DEVICE_PATH_PROTOCOL_GUID;
constexpr EFI_GUID kBlockIoGuid = EFI_BLOCK_IO_PROTOCOL_GUID;
constexpr EFI_GUID kToTextGuid = {
    0x8b843e20, 0x8132, 0x4852, {0x90, 0xcc, 0x55, 0x1a, 0x4e, 0x4a, 0x7f, 0x1c}};

/// EFI_DEVICE_PATH_TO_TEXT_PROTOCOL, UEFI 2.10 section 10.6.2.
struct DevicePathToText {
    void* ConvertDeviceNodeToText;
    CHAR16*(EFIAPI* ConvertDevicePathToText)(const EFI_DEVICE_PATH* path, BOOLEAN display_only,
                                             BOOLEAN allow_shortcuts);
};

// Device path nodes: UEFI 2.10 section 10.3.
constexpr uint8_t kMessaging = 3, kMedia = 4, kEnd = 0x7f;
constexpr uint8_t kHardDrive = 1, kIpv4 = 12, kIpv6 = 13;

struct [[gnu::packed]] HardDriveNode {
    uint8_t header[4];
    uint32_t partition_number;
    uint64_t partition_start;
    uint64_t partition_size;
    uint8_t signature[16];
    uint8_t partition_format; // 1: MBR, 2: GPT
    uint8_t signature_type;   // 1: MBR's 32 bits, 2: GUID
};

std::size_t node_bytes(const EFI_DEVICE_PATH* node) {
    return node->Length[0] | std::size_t{node->Length[1]} << 8;
}

/// The node behind `node`, or null at the end or where a length makes no sense.
const EFI_DEVICE_PATH* next_node(const EFI_DEVICE_PATH* node) {
    if (node->Type == kEnd || node_bytes(node) < sizeof *node)
        return nullptr;
    return reinterpret_cast<const EFI_DEVICE_PATH*>(reinterpret_cast<const std::byte*>(node) +
                                                    node_bytes(node));
}

/// The whole disk that a partition is on: the handle whose path is that of the partition's parent.
EFI_BLOCK_IO_PROTOCOL* parent_disk(const efi::Firmware& firmware, const EFI_DEVICE_PATH* path,
                                   const EFI_DEVICE_PATH* partition) {
    std::array<std::byte, 512> copy;
    const auto bytes = static_cast<std::size_t>(reinterpret_cast<const std::byte*>(partition) -
                                                reinterpret_cast<const std::byte*>(path));
    constexpr uint8_t kEndNode[] = {kEnd, 0xff, 4, 0};
    if (bytes + sizeof kEndNode > copy.size())
        return nullptr;
    std::memcpy(copy.data(), path, bytes);
    std::memcpy(copy.data() + bytes, kEndNode, sizeof kEndNode);
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
    const auto room = arena.array<std::byte>(2 * kPageBytes); // so that an aligned page is in it
    if (!room)
        return;
    const auto aligned = align_up(reinterpret_cast<uint64_t>(room->data()), kPageBytes);
    auto* const block = room->data() + (aligned - reinterpret_cast<uint64_t>(room->data()));
    if (efi::failed(disk->ReadBlocks(disk, disk->Media->MediaId, 1, disk->Media->BlockSize, block)))
        return;
    if (std::memcmp(block, "EFI PART", 8) == 0)
        std::memcpy(guid.bytes, block + kDiskGuidOffset, sizeof guid.bytes);
}

void read_partition(const efi::Firmware& firmware, const EFI_DEVICE_PATH* path,
                    const EFI_DEVICE_PATH* node, Arena& arena, BatonBootDevice& record) {
    HardDriveNode drive;
    if (node_bytes(node) < sizeof drive)
        return;
    std::memcpy(&drive, node, sizeof drive);
    record.partition_number = drive.partition_number;
    if (drive.signature_type == 2) {
        record.kind = BATON_BOOT_DEVICE_GPT;
        std::memcpy(record.partition_guid.bytes, drive.signature, sizeof drive.signature);
        read_disk_guid(parent_disk(firmware, path, node), arena, record.disk_guid);
    } else {
        record.kind = BATON_BOOT_DEVICE_MBR;
        std::memcpy(&record.mbr_signature, drive.signature, sizeof record.mbr_signature);
    }
}

/// The remote address of an IPv4 or IPv6 node (UEFI 2.10 sections 10.3.4.12 and 10.3.4.13). It is 0
/// where the firmware learns it by DHCP.
void read_server(const EFI_DEVICE_PATH* node, BatonBootDevice& record) {
    const uint32_t bytes = node->SubType == kIpv4 ? 4 : 16;
    const std::size_t offset =
        node->SubType == kIpv4 ? 8 : 20; // behind the header and the local one
    record.kind = BATON_BOOT_DEVICE_NETWORK;
    if (node_bytes(node) < offset + bytes)
        return;
    std::memcpy(record.server_address, reinterpret_cast<const std::byte*>(node) + offset, bytes);
    for (const uint8_t byte : record.server_address)
        if (byte != 0)
            record.server_address_bytes = bytes;
}

BatonBootDevice describe(const efi::Firmware& firmware, const EFI_DEVICE_PATH* path, Arena& arena) {
    BatonBootDevice record{};
    record.kind = BATON_BOOT_DEVICE_WHOLE;
    for (const auto* node = path; node != nullptr && node->Type != kEnd; node = next_node(node)) {
        if (node->Type == kMedia && node->SubType == kHardDrive)
            read_partition(firmware, path, node, arena, record);
        if (node->Type == kMessaging && (node->SubType == kIpv4 || node->SubType == kIpv6))
            read_server(node, record);
    }
    return record;
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

Result<BootDevice> find_boot_device(const efi::Firmware& firmware, Arena& arena) {
    const auto* const image =
        efi::protocol_on<EFI_LOADED_IMAGE_PROTOCOL>(firmware, firmware.image, kLoadedImageGuid);
    BootDevice device{};
    if (image == nullptr || image->DeviceHandle == nullptr)
        return device;
    const auto* const path =
        efi::protocol_on<EFI_DEVICE_PATH>(firmware, image->DeviceHandle, kDevicePathGuid);
    if (path != nullptr)
        device.record = describe(firmware, path, arena);
    const auto device_path = text_of(firmware, path, arena);
    auto loader_path = text_of(firmware, image->FilePath, arena);
    if (!device_path)
        return std::unexpected(device_path.error());
    if (!loader_path)
        return std::unexpected(loader_path.error());
    // What DHCP has told goes over the device path, which mostly leaves it open.
    const auto* const pxe = find_pxe(firmware, image->DeviceHandle);
    const auto server = pxe == nullptr ? std::nullopt : find_boot_server(*pxe);
    if (server) {
        device.record.kind = BATON_BOOT_DEVICE_NETWORK;
        device.record.server_address_bytes = sizeof server->address;
        std::memcpy(device.record.server_address, &server->address, sizeof server->address);
        loader_path = server->file;
    }
    const auto slashes = arena.array<char>(loader_path->size());
    if (!slashes)
        return std::unexpected(slashes.error());
    std::replace_copy(loader_path->begin(), loader_path->end(), slashes->begin(), '\\', '/');
    device.device_path = *device_path;
    device.loader_path = {slashes->data(), slashes->size()};
    return device;
}

Bytes load_options(const efi::Firmware& firmware) {
    const auto* const image =
        efi::protocol_on<EFI_LOADED_IMAGE_PROTOCOL>(firmware, firmware.image, kLoadedImageGuid);
    if (image == nullptr || image->LoadOptions == nullptr)
        return {};
    return {static_cast<const std::byte*>(image->LoadOptions), image->LoadOptionsSize};
}

} // namespace baton

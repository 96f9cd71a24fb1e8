// SPDX-License-Identifier: BSD-2-Clause
#include "uefi/device_path.hpp"

#include <algorithm>
#include <cstring>

namespace baton {
namespace {

constexpr uint8_t kMessaging = 3, kMedia = 4;
constexpr uint8_t kHardDrive = 1, kIpv4 = 12, kIpv6 = 13;

/// UEFI 2.10 section 10.3.5.1.
struct [[gnu::packed]] HardDriveNode {
    DevicePathHeader header;
    uint32_t partition_number;
    uint64_t partition_start;
    uint64_t partition_size;
    uint8_t signature[16];
    uint8_t partition_format; // 1: MBR, 2: GPT
    uint8_t signature_type;   // 1: MBR's 32 bits, 2: GUID
};
static_assert(sizeof(HardDriveNode) == 42);

BatonBootDevice read_partition(const HardDriveNode& drive) {
    BatonBootDevice record{};
    record.partition_number = drive.partition_number;
    if (drive.signature_type == 2) {
        record.kind = BATON_BOOT_DEVICE_GPT;
        std::memcpy(record.partition_guid.bytes, drive.signature, sizeof drive.signature);
    } else {
        record.kind = BATON_BOOT_DEVICE_MBR;
        std::memcpy(&record.mbr_signature, drive.signature, sizeof record.mbr_signature);
    }
    return record;
}

/// The remote address of an IPv4 or IPv6 node: UEFI 2.10 sections 10.3.4.12 and 10.3.4.13. It
/// follows the header and the local one.
Bytes server_of(const DevicePathNodes::Node& node) {
    const bool ipv4 = node.header.sub_type == kIpv4;
    const std::size_t offset = ipv4 ? 8 : 20;
    const std::size_t bytes = ipv4 ? 4 : 16;
    return fits(offset, bytes, node.bytes.size()) ? node.bytes.subspan(offset, bytes) : Bytes{};
}

} // namespace

std::optional<DevicePathNodes::Node> DevicePathNodes::next() {
    if (!fits(offset_, sizeof(DevicePathHeader), path_.size()))
        return std::nullopt;
    const auto header = read_at<DevicePathHeader>(path_, offset_);
    if (header.type == kDevicePathEnd.type || header.bytes() < sizeof header ||
        !fits(offset_, header.bytes(), path_.size()))
        return std::nullopt;
    const Node node{header, offset_, path_.subspan(offset_, header.bytes())};
    offset_ += node.bytes.size();
    return node;
}

DevicePathFacts read_device_path(Bytes path) {
    DevicePathFacts facts;
    facts.record.kind = BATON_BOOT_DEVICE_WHOLE;
    DevicePathNodes nodes(path);
    while (const auto node = nodes.next()) {
        const auto [type, sub_type, length] = node->header;
        if (type == kMedia && sub_type == kHardDrive && node->bytes.size() >= sizeof(HardDriveNode))
            facts = {read_partition(read_at<HardDriveNode>(node->bytes, 0)), node->offset};
        if (type == kMessaging && (sub_type == kIpv4 || sub_type == kIpv6)) {
            facts = {};
            set_boot_server(facts.record, server_of(*node));
        }
    }
    return facts;
}

void set_boot_server(BatonBootDevice& record, Bytes address) {
    record.kind = BATON_BOOT_DEVICE_NETWORK;
    record.server_address_bytes = 0;
    std::fill_n(record.server_address, sizeof record.server_address, uint8_t{0});
    const bool known = std::any_of(address.begin(), address.end(),
                                   [](std::byte byte) { return byte != std::byte{0}; });
    if (!known || address.size() > sizeof record.server_address)
        return;
    record.server_address_bytes = static_cast<uint32_t>(address.size());
    std::memcpy(record.server_address, address.data(), address.size());
}

} // namespace baton

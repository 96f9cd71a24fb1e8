// SPDX-License-Identifier: BSD-2-Clause
//
// UEFI device paths: UEFI 2.10 section 10.3. Their bytes are not trusted.
#pragma once

#include "abi/boot_info.h"
#include "core/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace baton {

/// EFI_DEVICE_PATH_PROTOCOL: what each node of a path begins with.
struct DevicePathHeader {
    uint8_t type;
    uint8_t sub_type;
    uint8_t length[2]; // of the node with its header; little-endian

    constexpr uint16_t bytes() const { return static_cast<uint16_t>(length[0] | length[1] << 8); }
};
static_assert(sizeof(DevicePathHeader) == 4);

/// The node that ends a path.
inline constexpr DevicePathHeader kDevicePathEnd{.type = 0x7f, .sub_type = 0xff, .length = {4, 0}};

/// Paths are read up to here, since no firmware says how long one is.
inline constexpr std::size_t kMaxDevicePathBytes = std::size_t{64} << 10;

/// The nodes of a path, one after the other.
class DevicePathNodes {
  public:
    struct Node {
        DevicePathHeader header;
        std::size_t offset; // in the path
        Bytes bytes;        // with the header
    };

    /// Nothing is read after the node that ends the path: `path` may go on there, over whatever
    /// is in memory.
    explicit DevicePathNodes(Bytes path) : path_(path) {}

    /// The next one; nothing at the end, or where a node's length makes no sense.
    std::optional<Node> next();

  private:
    Bytes path_;
    std::size_t offset_ = 0;
};

/// What a path says of the device that a loader came from.
struct DevicePathFacts {
    BatonBootDevice record{};  // without the texts, and the GUID of a disk
    std::size_t partition = 0; // GPT and MBR: where the path of the whole disk ends
};

/// A network address or a partition makes the device what it is, and the last one of them counts;
/// without one it is whole. A node that is too short for what it is says nothing.
DevicePathFacts read_device_path(Bytes path);

/// Makes `record` that of a network server with an address of 4 or 16 bytes. Zeroes are none: the
/// firmware learns it by DHCP.
void set_boot_server(BatonBootDevice& record, Bytes address);

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// Reads a device path, as the firmware has it, for the device that the loader came from.
//
// The input is the path. Its nodes follow each other within it, nothing is read behind its end, and
// what the boot device is said to be stands in one of them.
#include "fuzz/input.hpp"
#include "fuzz/require.hpp"
#include "uefi/device_path.hpp"

#include <algorithm>
#include <array>

namespace baton::fuzz {
namespace {

/// Where the nodes end, as they say themselves.
std::size_t nodes_end(Bytes path) {
    DevicePathNodes nodes(path);
    std::size_t end = 0;
    while (const auto node = nodes.next()) {
        require(node->offset == end, "nodes follow each other");
        require(node->bytes.data() == path.data() + end &&
                    fits(end, node->bytes.size(), path.size()),
                "a node lies in the path");
        require(node->bytes.size() >= sizeof(DevicePathHeader) && node->header.type != 0x7f,
                "a node has a header, and is no end");
        end += node->bytes.size();
    }
    return end;
}

bool holds(Bytes path, Bytes part) {
    return std::ranges::search(path, part).begin() != path.end();
}

void check(const DevicePathFacts& facts, Bytes nodes) {
    const BatonBootDevice& record = facts.record;
    require(facts.partition <= nodes.size(), "a disk's path is a part of the partition's");
    switch (record.kind) {
    case BATON_BOOT_DEVICE_WHOLE:
        break;
    case BATON_BOOT_DEVICE_GPT:
        require(holds(nodes.subspan(facts.partition),
                      std::as_bytes(std::span(record.partition_guid.bytes))),
                "a partition's GUID is in its node");
        break;
    case BATON_BOOT_DEVICE_MBR:
        require(holds(nodes.subspan(facts.partition),
                      std::as_bytes(std::span(&record.mbr_signature, 1))),
                "a disk's signature is in the partition's node");
        break;
    case BATON_BOOT_DEVICE_NETWORK:
        require(record.partition_number == 0, "a server has no partition");
        break;
    default:
        require(false, "a boot device is of a kind that a path can tell");
    }
    const Bytes address = std::as_bytes(std::span(record.server_address));
    const std::size_t bytes = record.server_address_bytes;
    require(bytes == 0 || bytes == 4 || bytes == 16, "an address is one of IPv4 or IPv6");
    require(bytes == 0 ||
                (record.kind == BATON_BOOT_DEVICE_NETWORK && holds(nodes, address.first(bytes))),
            "a server's address is in its node");
    require(std::ranges::count(address.subspan(bytes), std::byte{0}) ==
                static_cast<std::ptrdiff_t>(address.size() - bytes),
            "nothing is behind an address");
}

} // namespace
} // namespace baton::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    using namespace baton;
    using namespace baton::fuzz;
    Input input(data, size);
    Buffer path = input.rest();
    const std::size_t end = nodes_end(path);
    const DevicePathFacts facts = read_device_path(path);
    check(facts, Bytes(path).first(end));

    // What follows an end does not matter: cut off there, the path says the same.
    path.resize(std::min(path.size(), end + sizeof(DevicePathHeader)));
    path.shrink_to_fit();
    const DevicePathFacts again = read_device_path(path);
    require(again.partition == facts.partition && again.record.kind == facts.record.kind &&
                again.record.partition_number == facts.record.partition_number,
            "nothing behind the end of a path is read");
    return 0;
}

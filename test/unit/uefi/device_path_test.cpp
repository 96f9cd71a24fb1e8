// SPDX-License-Identifier: BSD-2-Clause
#include "uefi/device_path.hpp"

#include "support/bytes.hpp"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <numeric>

namespace baton::test {
namespace {

constexpr uint8_t kHardware = 1, kMessaging = 3, kMedia = 4;
constexpr uint8_t kHardDrive = 1, kIpv4 = 12, kIpv6 = 13;
constexpr uint8_t kMbrSignature = 1, kGuidSignature = 2;

Buffer node(uint8_t type, uint8_t sub_type, const Buffer& data = {}) {
    const auto length = static_cast<uint16_t>(data.size() + 4);
    Buffer bytes;
    append(bytes, type);
    append(bytes, sub_type);
    append(bytes, length);
    bytes.insert(bytes.end(), data.begin(), data.end());
    return bytes;
}

/// UEFI 2.10 table 10-47: partition number, start, size, signature, its type.
Buffer hard_drive(uint32_t number, uint8_t signature_type) {
    Buffer data;
    append(data, number);
    append(data, uint64_t{2048});
    append(data, uint64_t{4096});
    std::array<uint8_t, 16> signature;
    std::iota(signature.begin(), signature.end(), uint8_t{0x10});
    append(data, signature);
    append(data, uint8_t{2});
    append(data, signature_type);
    return node(kMedia, kHardDrive, data);
}

/// Local address and remote address first, then what nobody here reads.
Buffer ipv4(const std::array<uint8_t, 4>& remote) {
    Buffer data(4, std::byte{0xee});
    append(data, remote);
    data.resize(23);
    return node(kMessaging, kIpv4, data);
}
Buffer ipv6(uint8_t first, uint8_t last) {
    Buffer data(16, std::byte{0xee});
    data.resize(56);
    data[16] = std::byte{first};
    data[31] = std::byte{last};
    return node(kMessaging, kIpv6, data);
}

Buffer path(std::initializer_list<Buffer> nodes, bool ends = true) {
    Buffer bytes;
    for (const Buffer& part : nodes)
        bytes.insert(bytes.end(), part.begin(), part.end());
    if (ends)
        append(bytes, kDevicePathEnd);
    return bytes;
}

BatonBootDevice record_of(std::initializer_list<Buffer> nodes) {
    return read_device_path(path(nodes)).record;
}

const Buffer kRoot = node(2, 1, Buffer(8)); // ACPI
const Buffer kPci = node(kHardware, 1, Buffer(2));

TEST(DevicePathNodes, ComeOneAfterTheOtherUpToTheEnd) {
    const Buffer bytes = path({kRoot, kPci});
    DevicePathNodes nodes(bytes);
    const auto first = nodes.next(), second = nodes.next();
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->header.type, 2);
    EXPECT_EQ(first->offset, 0u);
    EXPECT_EQ(first->bytes.size(), 12u);
    EXPECT_EQ(second->header.type, kHardware);
    EXPECT_EQ(second->header.sub_type, 1);
    EXPECT_EQ(second->offset, 12u);
    EXPECT_EQ(second->bytes.data(), bytes.data() + 12);
    EXPECT_EQ(second->bytes.size(), 6u);
    EXPECT_FALSE(nodes.next());
    EXPECT_FALSE(nodes.next());
}

TEST(DevicePathNodes, EndAtEveryKindOfEnd) {
    for (const uint8_t end : {uint8_t{0x01}, uint8_t{0xff}}) { // of an instance, of the whole path
        const Buffer bytes = path({node(0x7f, end), kPci});
        EXPECT_FALSE(DevicePathNodes(bytes).next());
    }
    EXPECT_FALSE(DevicePathNodes(Buffer()).next());
}

TEST(DevicePathNodes, EndWhereALengthMakesNoSense) {
    for (const uint16_t length : {uint16_t{0}, uint16_t{3}, uint16_t{13}, uint16_t{0xffff}}) {
        Buffer bytes = path({kRoot}, false);
        bytes[2] = static_cast<std::byte>(length);
        bytes[3] = static_cast<std::byte>(length >> 8);
        EXPECT_FALSE(DevicePathNodes(bytes).next()) << length;
    }
}

TEST(DevicePathNodes, AreNotReadBeyondTheBytes) {
    const Buffer whole = path({kRoot, kPci}, false);
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        const Buffer cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        DevicePathNodes nodes(cut);
        std::size_t count = 0;
        while (nodes.next())
            ++count;
        EXPECT_EQ(count, size < 12 ? 0u : size < 18 ? 1u : 2u) << size;
    }
}

TEST(DevicePath, WithoutPartitionAndNetworkIsAWholeDevice) {
    const BatonBootDevice record = record_of({kRoot, kPci});
    EXPECT_EQ(record.kind, unsigned{BATON_BOOT_DEVICE_WHOLE});
    EXPECT_EQ(record.server_address_bytes, 0u);
}

TEST(DevicePath, TellsAPartitionOfAGpt) {
    const auto facts = read_device_path(path({kRoot, kPci, hard_drive(3, kGuidSignature)}));
    EXPECT_EQ(facts.record.kind, unsigned{BATON_BOOT_DEVICE_GPT});
    EXPECT_EQ(facts.record.partition_number, 3u);
    for (std::size_t i = 0; i < 16; ++i)
        EXPECT_EQ(facts.record.partition_guid.bytes[i], 0x10 + i);
    EXPECT_EQ(facts.record.mbr_signature, 0u);
    EXPECT_EQ(facts.partition, 18u); // the disk's path is root and PCI
}

TEST(DevicePath, TellsAPartitionOfAnMbr) {
    const BatonBootDevice record = record_of({kRoot, kPci, hard_drive(1, kMbrSignature)});
    EXPECT_EQ(record.kind, unsigned{BATON_BOOT_DEVICE_MBR});
    EXPECT_EQ(record.partition_number, 1u);
    EXPECT_EQ(record.mbr_signature, 0x1312'1110u);
    EXPECT_EQ(record.partition_guid.bytes[0], 0);
}

TEST(DevicePath, TellsTheServer) {
    const BatonBootDevice four = record_of({kRoot, ipv4({10, 0, 2, 2})});
    EXPECT_EQ(four.kind, unsigned{BATON_BOOT_DEVICE_NETWORK});
    EXPECT_EQ(four.server_address_bytes, 4u);
    EXPECT_EQ(four.server_address[0], 10);
    EXPECT_EQ(four.server_address[3], 2);
    const BatonBootDevice sixteen = record_of({kRoot, ipv6(0xfe, 0x11)});
    EXPECT_EQ(sixteen.kind, unsigned{BATON_BOOT_DEVICE_NETWORK});
    EXPECT_EQ(sixteen.server_address_bytes, 16u);
    EXPECT_EQ(sixteen.server_address[0], 0xfe);
    EXPECT_EQ(sixteen.server_address[15], 0x11);
}

TEST(DevicePath, AnAddressOfZeroesIsNoneKnown) {
    const BatonBootDevice record = record_of({kRoot, ipv4({0, 0, 0, 0})});
    EXPECT_EQ(record.kind, unsigned{BATON_BOOT_DEVICE_NETWORK});
    EXPECT_EQ(record.server_address_bytes, 0u);
}

TEST(DevicePath, NothingIsLeftOfAnAddressBeforeTheLastOne) {
    const BatonBootDevice none = record_of({ipv6(1, 2), ipv4({0, 0, 0, 0})});
    EXPECT_EQ(none.server_address_bytes, 0u);
    const BatonBootDevice four = record_of({ipv6(1, 2), ipv4({10, 0, 2, 2})});
    EXPECT_EQ(four.server_address_bytes, 4u);
    EXPECT_EQ(std::count(std::begin(four.server_address), std::end(four.server_address), 0), 13);
}

TEST(DevicePath, TheLastOfPartitionAndNetworkCounts) {
    const BatonBootDevice disk =
        record_of({ipv4({10, 0, 2, 2}), hard_drive(2, kGuidSignature)}); // iSCSI
    EXPECT_EQ(disk.kind, unsigned{BATON_BOOT_DEVICE_GPT});
    EXPECT_EQ(disk.server_address_bytes, 0u);
    const BatonBootDevice network = record_of({hard_drive(2, kGuidSignature), ipv4({10, 0, 2, 2})});
    EXPECT_EQ(network.kind, unsigned{BATON_BOOT_DEVICE_NETWORK});
    EXPECT_EQ(network.partition_number, 0u);
}

TEST(DevicePath, AShortNodeSaysNothing) {
    EXPECT_EQ(record_of({node(kMedia, kHardDrive, Buffer(37, std::byte{2}))}).kind,
              unsigned{BATON_BOOT_DEVICE_WHOLE});
    const BatonBootDevice record = record_of({node(kMessaging, kIpv4, Buffer(7, std::byte{9}))});
    EXPECT_EQ(record.kind, unsigned{BATON_BOOT_DEVICE_NETWORK});
    EXPECT_EQ(record.server_address_bytes, 0u);
}

} // namespace
} // namespace baton::test

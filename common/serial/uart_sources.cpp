// SPDX-License-Identifier: BSD-2-Clause
#include "serial/uart_sources.hpp"

#include "uefi/device_path.hpp"

#include <algorithm>
#include <cstring>

namespace baton {
namespace {

std::optional<BatonUart> if_valid(const BatonUart& uart) {
    return is_valid(uart) ? std::optional(uart) : std::nullopt;
}

uint8_t byte_at(Bytes bytes, std::size_t offset) {
    return static_cast<uint8_t>(bytes[offset]);
}

// ---- SPCR

constexpr std::size_t kSpcrInterface = 36, kSpcrAddress = 40, kSpcrBytes = 52;

// Debug Port Table 2, table 3: serial port subtypes.
constexpr uint8_t kFull16550 = 0x00, kSubset16550 = 0x01, kGeneric16550 = 0x12, kIntelLpss = 0x14;

/// ACPI 6.5 section 5.2.3.2.
struct [[gnu::packed]] GenericAddress {
    uint8_t space;
    uint8_t bit_width;
    uint8_t bit_offset;
    uint8_t access_size; // 0: not said; 1 … 4: 1 << (n - 1) bytes
    uint64_t address;
};
static_assert(sizeof(GenericAddress) == 12);

constexpr uint8_t kMostAccessSize = 3; // of 32 bits

/// From one register to the next. A width of 8 registers, or none, has been seen for a UART of byte
/// registers, and 8 bits for one whose accesses are wider.
uint8_t register_bytes(const GenericAddress& given, uint8_t access_bytes) {
    const bool is_register = given.bit_width == 16 || given.bit_width == 32;
    const auto bytes = static_cast<uint8_t>(is_register ? given.bit_width / 8 : 1);
    return std::max(bytes, access_bytes);
}

/// What is not said is the width of a register in memory, as wide as it lies apart.
uint8_t access_bytes(const GenericAddress& given) {
    if (given.space == BATON_UART_IO)
        return 1;
    if (given.access_size != 0)
        return static_cast<uint8_t>(1u << (given.access_size - 1));
    return register_bytes(given, 1);
}

} // namespace

std::optional<BatonUart> uart_of_spcr(Bytes table) {
    if (table.size() < kSpcrBytes)
        return {};
    const uint8_t interface = byte_at(table, kSpcrInterface);
    const auto given = read_at<GenericAddress>(table, kSpcrAddress);
    const bool is_16550 = interface == kFull16550 || interface == kSubset16550 ||
                          interface == kGeneric16550 || interface == kIntelLpss;
    if (!is_16550 || given.bit_offset != 0 || given.access_size > kMostAccessSize)
        return {};
    BatonUart uart = {.address = given.address,
                      .space = given.space,
                      .register_bytes = 0,
                      .access_bytes = access_bytes(given),
                      .reserved = {}};
    uart.register_bytes = register_bytes(given, uart.access_bytes);
    // PCs have such UARTs at eight ports side by side, whatever width is said.
    if (given.space == BATON_UART_IO && interface != kGeneric16550)
        uart.register_bytes = 1;
    return if_valid(uart);
}

// ---- PCI

namespace {

constexpr uint8_t kHeaderType = 14, kSecondaryBus = 25;
constexpr uint8_t kManyFunctions = 0x80, kBridge = 1;

} // namespace

std::optional<BatonUart> uart_of_pci(Bytes configuration) {
    constexpr std::size_t kCommand = 4, kClass = 9, kBar0 = 16, kHeaderBytes = 64;
    constexpr uint16_t kDecodesIo = 1, kDecodesMemory = 2;
    constexpr uint8_t kCommunication = 7, kSerial = 0, kLast8250 = 6;
    if (configuration.size() < kHeaderBytes ||
        (byte_at(configuration, kHeaderType) & ~kManyFunctions) != 0 ||
        byte_at(configuration, kClass) > kLast8250 ||
        byte_at(configuration, kClass + 1) != kSerial ||
        byte_at(configuration, kClass + 2) != kCommunication)
        return {};
    const auto command = read_at<uint16_t>(configuration, kCommand);
    const auto bar = read_at<uint32_t>(configuration, kBar0);
    const bool is_io = (bar & 1) != 0;
    if ((command & (is_io ? kDecodesIo : kDecodesMemory)) == 0)
        return {};
    BatonUart uart = {.address = bar & ~3u,
                      .space = BATON_UART_IO,
                      .register_bytes = 1,
                      .access_bytes = 1,
                      .reserved = {}};
    if (!is_io) {
        constexpr uint32_t kType = 6, kTypeIs64Bit = 4;
        uart.space = BATON_UART_MEMORY;
        uart.address = bar & ~15u;
        if ((bar & kType) == kTypeIs64Bit)
            uart.address |= uint64_t{read_at<uint32_t>(configuration, kBar0 + 4)} << 32;
    }
    return if_valid(uart);
}

namespace {

std::array<std::byte, 64> read_header(ReadPci read, uint32_t function) {
    std::array<std::byte, 64> header;
    for (uint32_t offset = 0; offset < header.size(); offset += sizeof(uint32_t)) {
        const uint32_t word = read(function | offset);
        std::memcpy(&header[offset], &word, sizeof word);
    }
    return header;
}

} // namespace

ReportPorts pci_uarts(ReadPci read) {
    constexpr uint32_t kBuses = 256, kDevices = 32, kFunctions = 8, kNothing = 0xffff'ffff;
    ReportPorts found;
    std::array<bool, kBuses> is_reached{true};
    const auto add_function = [&](uint32_t address) {
        const auto header = read_header(read, address);
        const uint8_t type = byte_at(header, kHeaderType);
        // A bridge's buses have higher numbers than its own.
        if ((type & ~kManyFunctions) == kBridge)
            is_reached[byte_at(header, kSecondaryBus)] = true;
        if (const auto uart = uart_of_pci(header))
            found.add(*uart);
        return (type & kManyFunctions) != 0;
    };
    for (uint32_t slot = 0; slot < kBuses * kDevices; ++slot) {
        const uint32_t device = slot << 11; // bus and device
        if (!is_reached[slot / kDevices] || read(device) == kNothing || !add_function(device))
            continue;
        for (uint32_t function = 1; function < kFunctions; ++function)
            if (const uint32_t address = device | function << 8; read(address) != kNothing)
                add_function(address);
    }
    return found;
}

// ---- Resource descriptors

std::optional<BatonUart> uart_of_resources(Bytes list) {
    constexpr uint8_t kIo = 0x47, kFixedIo = 0x4b, kEnd = 0x78; // the last without its length
    constexpr uint8_t kMemory32 = 0x85, kFixedMemory32 = 0x86;
    std::optional<BatonUart> in_memory;
    list = list.first(std::min(list.size(), kMaxResourceBytes));
    for (std::size_t at = 0; fits(at, 3, list.size());) {
        const uint8_t tag = byte_at(list, at);
        const bool is_large = (tag & 0x80) != 0;
        const std::size_t length =
            is_large ? 3u + read_at<uint16_t>(list, at + 1) : 1u + (tag & 7u);
        if ((tag & 0xf8) == kEnd || !fits(at, length, list.size()))
            break;
        if (tag == kIo || tag == kFixedIo) {
            const std::size_t offset = tag == kIo ? 2 : 1; // after what is decoded
            constexpr uint16_t kTenBits = 0x3ff;
            const auto port = read_at<uint16_t>(list, at + offset);
            return if_valid(uart_at_port(tag == kIo ? port : port & kTenBits));
        }
        if ((tag == kMemory32 && length >= 20) || (tag == kFixedMemory32 && length >= 12))
            in_memory = if_valid({.address = read_at<uint32_t>(list, at + 4),
                                  .space = BATON_UART_MEMORY,
                                  .register_bytes = 1,
                                  .access_bytes = 1,
                                  .reserved = {}});
        at += length;
    }
    return in_memory;
}

// ---- Device paths

namespace {

constexpr uint8_t kHardware = 1, kAcpi = 2, kMessaging = 3;
constexpr uint8_t kPci = 1, kController = 5, kAcpiDevice = 1, kUart = 14;

/// A UART's parent by its node: UEFI 2.10 sections 10.3.2.1 and 10.3.3.
UartPath parent_of(const DevicePathNodes::Node& node) {
    constexpr uint32_t kPnp0500 = 0x0500'41d0, kPnp0501 = 0x0501'41d0; // compressed EISA names
    const auto [type, sub_type, length] = node.header;
    if (type == kHardware && sub_type == kPci)
        return {UartPath::Parent::pci, 0};
    if (type == kAcpi && sub_type == kAcpiDevice && node.bytes.size() >= 12) {
        const auto hid = read_at<uint32_t>(node.bytes, 4);
        if (hid == kPnp0500 || hid == kPnp0501)
            return {UartPath::Parent::acpi_serial, read_at<uint32_t>(node.bytes, 8)};
    }
    return {UartPath::Parent::other, 0};
}

} // namespace

std::optional<UartPath> uart_of_path(Bytes path) {
    UartPath parent{};
    DevicePathNodes nodes(path);
    while (const auto node = nodes.next()) {
        const auto [type, sub_type, length] = node->header;
        if (type == kMessaging && sub_type == kUart)
            return parent;
        // A controller of several ports may have a node for each, before the UART's.
        const bool is_first_port = type == kHardware && sub_type == kController &&
                                   node->bytes.size() >= 8 &&
                                   read_at<uint32_t>(node->bytes, 4) == 0;
        if (!is_first_port)
            parent = parent_of(*node);
    }
    return {};
}

std::optional<BatonUart> uart_of_pci_path(Bytes path, ReadPci read) {
    constexpr uint32_t kPnp0a03 = 0x0a03'41d0, kPnp0a08 = 0x0a08'41d0; // root bridges
    std::optional<uint32_t> bus;
    std::array<std::byte, 64> header{};
    DevicePathNodes nodes(path);
    while (const auto node = nodes.next()) {
        const auto [type, sub_type, length] = node->header;
        if (type == kMessaging && sub_type == kUart)
            break;
        if (type == kAcpi && sub_type == kAcpiDevice && node->bytes.size() >= 12) {
            const auto hid = read_at<uint32_t>(node->bytes, 4);
            const auto uid = read_at<uint32_t>(node->bytes, 8);
            bus = (hid == kPnp0a03 || hid == kPnp0a08) && uid < 256 ? std::optional(uid)
                                                                    : std::nullopt;
        }
        if (type != kHardware || sub_type != kPci)
            continue;
        const auto function = node->bytes.size() >= 6 ? byte_at(node->bytes, 4) : 0xffu;
        const auto device = node->bytes.size() >= 6 ? byte_at(node->bytes, 5) : 0xffu;
        if (!bus || function > 7 || device > 31)
            return {};
        header = read_header(read, *bus << 16 | device << 11 | function << 8);
        const bool is_bridge = (byte_at(header, kHeaderType) & ~kManyFunctions) == kBridge;
        bus = is_bridge ? std::optional<uint32_t>(byte_at(header, kSecondaryBus)) : std::nullopt;
    }
    return uart_of_pci(header);
}

} // namespace baton

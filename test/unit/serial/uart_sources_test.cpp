// SPDX-License-Identifier: BSD-2-Clause
//
// Where tables, buses and device paths say that a UART is.
#include "serial/uart_sources.hpp"

#include "support/bytes.hpp"
#include "support/random.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <sstream>
#include <string>

namespace baton::test {
namespace {

/// "io 0x3f8/1/1": space, address, bytes from register to register, bytes of an access.
std::string text(const std::optional<BatonUart>& uart) {
    if (!uart)
        return "none";
    std::ostringstream text;
    text << (uart->space == BATON_UART_IO ? "io 0x" : "memory 0x") << std::hex << uart->address
         << std::dec << '/' << int{uart->register_bytes} << '/' << int{uart->access_bytes};
    return text.str();
}

struct Address {
    uint8_t space, bit_width, bit_offset, access_size;
    uint64_t address;
};

Buffer spcr(uint8_t interface, const Address& given) {
    Buffer table(36);
    append(table, interface);
    table.resize(40);
    append(table, given.space);
    append(table, given.bit_width);
    append(table, given.bit_offset);
    append(table, given.access_size);
    append(table, given.address);
    table.resize(80);
    return table;
}

TEST(Spcr, NamesTheConsolesUart) {
    EXPECT_EQ(text(uart_of_spcr(spcr(0, {1, 8, 0, 0, 0x3f8}))), "io 0x3f8/1/1");
    EXPECT_EQ(text(uart_of_spcr(spcr(1, {1, 8, 0, 1, 0x2f8}))), "io 0x2f8/1/1");
    EXPECT_EQ(text(uart_of_spcr(spcr(0, {0, 8, 0, 1, 0xfe03'4000}))), "memory 0xfe034000/1/1");
    EXPECT_EQ(text(uart_of_spcr(spcr(0, {0, 32, 0, 3, 0x60'0000'0000}))),
              "memory 0x6000000000/4/4");
}

TEST(Spcr, RegistersLieAsFarApartAsTheyAreWide) {
    EXPECT_EQ(text(uart_of_spcr(spcr(0x12, {0, 32, 0, 1, 0xfe03'4000}))), "memory 0xfe034000/4/1");
    EXPECT_EQ(text(uart_of_spcr(spcr(0x12, {0, 32, 0, 0, 0xfe03'4000}))), "memory 0xfe034000/4/4");
    EXPECT_EQ(text(uart_of_spcr(spcr(0x12, {0, 16, 0, 2, 0xfe03'4000}))), "memory 0xfe034000/2/2");
    EXPECT_EQ(text(uart_of_spcr(spcr(0x12, {0, 16, 0, 0, 0xfe03'4000}))), "memory 0xfe034000/2/2");
    EXPECT_EQ(text(uart_of_spcr(spcr(0x14, {0, 32, 0, 3, 0xfe03'4000}))), "memory 0xfe034000/4/4");
    EXPECT_EQ(text(uart_of_spcr(spcr(0, {0, 8, 0, 3, 0xfe03'4000}))), "memory 0xfe034000/4/4")
        << "an access takes no part of the next register";
    EXPECT_EQ(text(uart_of_spcr(spcr(0, {0, 64, 0, 1, 0xfe03'4000}))), "memory 0xfe034000/1/1");
    EXPECT_EQ(text(uart_of_spcr(spcr(0, {0, 0, 0, 0, 0xfe03'4000}))), "memory 0xfe034000/1/1");
    EXPECT_EQ(text(uart_of_spcr(spcr(0x12, {1, 32, 0, 3, 0x3f8}))), "io 0x3f8/4/1");
    EXPECT_EQ(text(uart_of_spcr(spcr(0, {1, 32, 0, 3, 0x3f8}))), "io 0x3f8/1/1");
}

TEST(Spcr, WithoutA16550NamesNone) {
    for (unsigned interface = 2; interface < 256; ++interface) {
        if (interface == 0x12 || interface == 0x14)
            continue;
        const Buffer table = spcr(static_cast<uint8_t>(interface), {0, 32, 0, 3, 0xfe03'4000});
        EXPECT_EQ(text(uart_of_spcr(table)), "none") << interface; // PL011, SBSA, …
    }
}

TEST(Spcr, ThatCannotBeUsedNamesNone) {
    EXPECT_EQ(text(uart_of_spcr(spcr(0, {1, 8, 0, 1, 0}))), "none") << "no redirection";
    EXPECT_EQ(text(uart_of_spcr(spcr(0, {0, 8, 0, 1, 0}))), "none");
    EXPECT_EQ(text(uart_of_spcr(spcr(0, {1, 8, 0, 1, 0x1'03f8}))), "none");
    EXPECT_EQ(text(uart_of_spcr(spcr(0, {1, 8, 0, 1, 0xffff}))), "none");
    EXPECT_EQ(text(uart_of_spcr(spcr(0, {2, 8, 0, 1, 0x3f8}))), "none") << "PCI";
    EXPECT_EQ(text(uart_of_spcr(spcr(0, {0x7f, 8, 0, 1, 0x3f8}))), "none");
    EXPECT_EQ(text(uart_of_spcr(spcr(0, {0, 8, 1, 1, 0xfe03'4000}))), "none") << "bit offset";
    EXPECT_EQ(text(uart_of_spcr(spcr(0, {0, 64, 0, 4, 0xfe03'4000}))), "none") << "64 bits";
    EXPECT_EQ(text(uart_of_spcr(spcr(0, {0, 8, 0, 255, 0xfe03'4000}))), "none");
    EXPECT_EQ(text(uart_of_spcr(spcr(0, {0, 32, 0, 3, 0xfe03'4002}))), "none") << "not aligned";
    EXPECT_EQ(text(uart_of_spcr(spcr(0, {0, 8, 0, 1, ~uint64_t{0}}))), "none");
    const Buffer good = spcr(0, {1, 8, 0, 1, 0x3f8});
    for (std::size_t bytes = 0; bytes < 52; ++bytes)
        EXPECT_EQ(text(uart_of_spcr(Bytes(good).first(bytes))), "none") << bytes;
    EXPECT_EQ(text(uart_of_spcr(Bytes(good).first(52))), "io 0x3f8/1/1");
}

/// A PCI function's configuration space.
using Function = std::array<uint32_t, 16>;

Function serial_function(uint32_t bar, uint32_t command = 3, uint32_t interface = 2) {
    return {0x0002'1b36, command, 0x0700'0001 | interface << 8, 0, bar};
}

Bytes bytes_of(const Function& function) {
    return std::as_bytes(std::span(function));
}

TEST(PciUart, IsBehindBar0) {
    EXPECT_EQ(text(uart_of_pci(bytes_of(serial_function(0xc041)))), "io 0xc040/1/1");
    EXPECT_EQ(text(uart_of_pci(bytes_of(serial_function(0xfebf'1000)))), "memory 0xfebf1000/1/1");
    Function wide = serial_function(0xfebf'100c);
    wide[5] = 0x38;
    EXPECT_EQ(text(uart_of_pci(bytes_of(wide))), "memory 0x38febf1000/1/1");
}

TEST(PciUart, IsOfEachProgrammingInterfaceThatAnExtended8250Has) {
    for (uint32_t interface = 0; interface < 256; ++interface)
        EXPECT_EQ(text(uart_of_pci(bytes_of(serial_function(0xc041, 3, interface)))),
                  interface <= 6 ? "io 0xc040/1/1" : "none")
            << interface;
}

TEST(PciUart, ThatIsNotDecodedOrNoneIsNone) {
    EXPECT_EQ(text(uart_of_pci(bytes_of(serial_function(0xc041, 2)))), "none");
    EXPECT_EQ(text(uart_of_pci(bytes_of(serial_function(0xfebf'1000, 1)))), "none");
    EXPECT_EQ(text(uart_of_pci(bytes_of(serial_function(0)))), "none");
    EXPECT_EQ(text(uart_of_pci(bytes_of(serial_function(1)))), "none");
    Function other = serial_function(0xc041);
    other[2] = 0x0701'0201; // parallel
    EXPECT_EQ(text(uart_of_pci(bytes_of(other))), "none");
    other[2] = 0x0200'0001; // Ethernet
    EXPECT_EQ(text(uart_of_pci(bytes_of(other))), "none");
    other = serial_function(0xc041);
    other[3] = 0x0001'0000; // a bridge's header
    EXPECT_EQ(text(uart_of_pci(bytes_of(other))), "none");
    other[3] = 0x0080'0000; // one of several functions
    EXPECT_EQ(text(uart_of_pci(bytes_of(other))), "io 0xc040/1/1");
    EXPECT_EQ(text(uart_of_pci(bytes_of(other).first(63))), "none");
}

/// Configuration space, by bus, device and function.
std::map<uint32_t, Function> functions;
unsigned pci_reads;

uint32_t read_fake_pci(uint32_t address) {
    ++pci_reads;
    const auto found = functions.find(address & ~0xffu);
    return found == functions.end() ? 0xffff'ffff : found->second[address >> 2 & 15];
}
constexpr uint32_t at(uint32_t bus, uint32_t device, uint32_t function = 0) {
    return bus << 16 | device << 11 | function << 8;
}
Function bridge_to(uint32_t bus) {
    Function bridge{0x1237'8086, 3, 0x0604'0000, 0x0001'0000};
    bridge[6] = bus << 8;
    return bridge;
}

TEST(PciBuses, AreSearchedBehindBridgesAndInAllFunctions) {
    functions = {{at(0, 3), serial_function(0xc041)},
                 {at(0, 4), bridge_to(7)},
                 {at(7, 0), bridge_to(9)},
                 {at(9, 31), {1, 0, 0, 0x0080'0000}},
                 {at(9, 31, 7), serial_function(0xd001)},
                 {at(8, 0), serial_function(0xe001)},     // no bridge leads there
                 {at(0, 5, 1), serial_function(0xf001)}}; // no function 0
    const ReportPorts found = pci_uarts(read_fake_pci);
    ASSERT_EQ(found.uart_count, 2);
    EXPECT_EQ(text(found.uarts[0]), "io 0xc040/1/1");
    EXPECT_EQ(text(found.uarts[1]), "io 0xd000/1/1");
}

TEST(PciBuses, OfFunction0WithoutOthersAreNotRead8Times) {
    functions = {{at(0, 3), serial_function(0xc041)}, {at(0, 3, 1), serial_function(0xd001)}};
    EXPECT_EQ(pci_uarts(read_fake_pci).uart_count, 1);
}

TEST(PciBuses, WithBridgesInALoopEnd) {
    functions = {{at(0, 1), bridge_to(0)}, {at(0, 2), bridge_to(255)}, {at(255, 0), bridge_to(0)}};
    pci_reads = 0;
    EXPECT_EQ(pci_uarts(read_fake_pci).uart_count, 0);
    EXPECT_LT(pci_reads, 1000u);
}

TEST(PciBuses, ThatAreNotThereHaveNone) {
    functions.clear();
    pci_reads = 0;
    EXPECT_EQ(pci_uarts(read_fake_pci).uart_count, 0);
    EXPECT_LE(pci_reads, 32u);
}

Buffer node(uint8_t type, uint8_t sub_type, const Buffer& body) {
    Buffer bytes;
    append(bytes, type);
    append(bytes, sub_type);
    append(bytes, static_cast<uint16_t>(4 + body.size()));
    bytes.insert(bytes.end(), body.begin(), body.end());
    return bytes;
}
Buffer acpi_node(uint32_t pnp, uint32_t uid) {
    Buffer body;
    append(body, pnp << 16 | 0x41d0);
    append(body, uid);
    return node(2, 1, body);
}
Buffer pci_node(uint8_t device, uint8_t function) {
    return node(1, 1, {std::byte{function}, std::byte{device}});
}
Buffer controller_node(uint32_t number) {
    Buffer body;
    append(body, number);
    return node(1, 5, body);
}
const Buffer kUartNode = node(3, 14, Buffer(15));
const Buffer kTerminalNode = node(3, 10, Buffer(16));
const Buffer kEndNode = node(0x7f, 0xff, {});

Buffer path(std::initializer_list<Buffer> nodes) {
    Buffer bytes;
    for (const Buffer& one : nodes)
        bytes.insert(bytes.end(), one.begin(), one.end());
    return bytes;
}

TEST(UartPath, NamesAUartByWhatComesBeforeIt) {
    const auto acpi =
        uart_of_path(path({acpi_node(0x0a03, 0), pci_node(31, 0), acpi_node(0x0501, 1), kUartNode,
                           kTerminalNode, kEndNode}));
    ASSERT_TRUE(acpi);
    EXPECT_EQ(acpi->parent, UartPath::Parent::acpi_serial);
    EXPECT_EQ(acpi->uid, 1u);
    const auto pci = uart_of_path(
        path({acpi_node(0x0a03, 0), pci_node(3, 0), controller_node(0), kUartNode, kEndNode}));
    ASSERT_TRUE(pci);
    EXPECT_EQ(pci->parent, UartPath::Parent::pci);
    const auto second = uart_of_path(
        path({acpi_node(0x0a03, 0), pci_node(3, 0), controller_node(1), kUartNode, kEndNode}));
    ASSERT_TRUE(second);
    EXPECT_EQ(second->parent, UartPath::Parent::other) << "nothing says where it is";
    const auto usb = uart_of_path(path({node(3, 5, Buffer(2)), kUartNode, kEndNode}));
    ASSERT_TRUE(usb);
    EXPECT_EQ(usb->parent, UartPath::Parent::other);
}

TEST(UartPath, WithoutAUartOrWithABrokenNodeIsNone) {
    EXPECT_FALSE(uart_of_path(path({acpi_node(0x0a03, 0), pci_node(3, 0), kEndNode, kUartNode})));
    EXPECT_FALSE(uart_of_path({}));
    Buffer broken = path({acpi_node(0x0501, 0), kUartNode, kEndNode});
    broken[2] = std::byte{3}; // shorter than a header
    EXPECT_FALSE(uart_of_path(broken));
    const Buffer good = path({acpi_node(0x0501, 0), kUartNode, kEndNode});
    for (std::size_t bytes = 0; bytes < 12 + kUartNode.size(); ++bytes)
        EXPECT_FALSE(uart_of_path(Bytes(good).first(bytes))) << bytes;
}

TEST(UartPath, ThroughBridgesLeadsToTheFunction) {
    functions = {{at(0, 4), bridge_to(7)},
                 {at(7, 2, 1), serial_function(0xd001)},
                 {at(0, 3), serial_function(0xc041)}};
    const auto root = acpi_node(0x0a03, 0);
    const auto uart_at = [&](std::initializer_list<Buffer> nodes) {
        return text(uart_of_pci_path(path(nodes), read_fake_pci));
    };
    EXPECT_EQ(uart_at({root, pci_node(3, 0), kUartNode, kEndNode}), "io 0xc040/1/1");
    EXPECT_EQ(uart_at({root, pci_node(4, 0), pci_node(2, 1), kUartNode, kEndNode}),
              "io 0xd000/1/1");
    EXPECT_EQ(uart_at({acpi_node(0x0a08, 7), pci_node(2, 1), kUartNode, kEndNode}),
              "io 0xd000/1/1");
    EXPECT_EQ(uart_at({root, pci_node(4, 0), kUartNode, kEndNode}), "none") << "a bridge";
    EXPECT_EQ(uart_at({root, pci_node(3, 0), pci_node(3, 0), kUartNode}), "none");
    EXPECT_EQ(uart_at({pci_node(3, 0), kUartNode, kEndNode}), "none") << "no root bridge";
    EXPECT_EQ(uart_at({acpi_node(0x0a03, 256), pci_node(3, 0), kUartNode}), "none");
    EXPECT_EQ(uart_at({root, pci_node(32, 0), kUartNode}), "none");
    EXPECT_EQ(uart_at({root, pci_node(3, 8), kUartNode}), "none");
    EXPECT_EQ(uart_at({root, node(1, 1, {}), kUartNode}), "none");
    EXPECT_EQ(uart_at({root, kUartNode}), "none");
}

Buffer io_ports(uint16_t first) {
    Buffer bytes{std::byte{0x47}, std::byte{1}};
    append(bytes, first);
    append(bytes, first);
    append(bytes, uint16_t{0x0801}); // alignment, length
    return bytes;
}
Buffer fixed_memory(uint32_t base) {
    Buffer bytes{std::byte{0x86}, std::byte{9}, std::byte{0}, std::byte{1}};
    append(bytes, base);
    append(bytes, uint32_t{0x1000});
    return bytes;
}
const Buffer kInterrupt = {std::byte{0x22}, std::byte{0x10}, std::byte{0}};
const Buffer kEndTag = {std::byte{0x79}, std::byte{0}};

TEST(UartResources, AreTheFirstPortsOrElseMemory) {
    EXPECT_EQ(text(uart_of_resources(path({kInterrupt, io_ports(0x2f8), kEndTag}))),
              "io 0x2f8/1/1");
    EXPECT_EQ(text(uart_of_resources(path({fixed_memory(0xfe03'4000), io_ports(0x3e8), kEndTag}))),
              "io 0x3e8/1/1");
    EXPECT_EQ(text(uart_of_resources(path({fixed_memory(0xfe03'4000), kInterrupt, kEndTag}))),
              "memory 0xfe034000/1/1");
    const Buffer fixed_ports = {std::byte{0x4b}, std::byte{0xe8}, std::byte{3}, std::byte{8}};
    EXPECT_EQ(text(uart_of_resources(path({fixed_ports, kEndTag}))), "io 0x3e8/1/1");
}

TEST(UartResources, BehindTheEndOrCutOffAreNone) {
    EXPECT_EQ(text(uart_of_resources(path({kEndTag, io_ports(0x2f8)}))), "none");
    EXPECT_EQ(text(uart_of_resources(Bytes(io_ports(0x2f8)).first(7))), "none");
    EXPECT_EQ(text(uart_of_resources({})), "none");
    EXPECT_EQ(text(uart_of_resources(path({io_ports(0), kEndTag}))), "none");
    Buffer far(kMaxResourceBytes - 6, std::byte{0x00}); // small descriptors of no bytes
    const Buffer ports = io_ports(0x2f8);
    far.insert(far.end(), ports.begin(), ports.end());
    EXPECT_EQ(text(uart_of_resources(far)), "none");
}

TEST(UartSources, OfAnyBytesAreNoneOrValid) {
    std::mt19937 random(1);
    for (int round = 0; round < 20'000; ++round) {
        Buffer bytes(random() % 96);
        for (std::byte& byte : bytes)
            byte = static_cast<std::byte>(random() % 3 == 0 ? random() : random() % 16);
        const auto pci = [](uint32_t address) { return address * 2654435761u; };
        for (const auto& uart : {uart_of_spcr(bytes), uart_of_pci(bytes), uart_of_resources(bytes),
                                 uart_of_pci_path(bytes, pci)})
            EXPECT_TRUE(!uart || is_valid(*uart));
        uart_of_path(bytes);
    }
}

} // namespace
} // namespace baton::test

// SPDX-License-Identifier: BSD-2-Clause
//
// Characters on their way to a UART.
#include "serial/uart.hpp"

#include <array>
#include <cstring>
#include <gtest/gtest.h>
#include <string>

namespace baton::test {
namespace {

/// A UART at I/O ports from 0x2f8 on, four apart.
struct FakePorts {
    static inline std::string sent;
    static inline uint64_t reads;
    static inline uint8_t status;
    static inline uint8_t scratch;
    static inline bool is_busy_once;

    static void reset(uint8_t line_status) {
        sent.clear();
        reads = 0;
        status = line_status;
        scratch = 0;
        is_busy_once = false;
    }
    static uint8_t in8(uint16_t port) {
        ++reads;
        if (port == 0x2f8 + 7 * 4)
            return scratch;
        EXPECT_EQ(port, 0x2f8 + 5 * 4);
        if (is_busy_once && reads % 2 == 1)
            return 0;
        return status;
    }
    static void out8(uint16_t port, uint8_t value) {
        if (port == 0x2f8 + 7 * 4) {
            scratch = status == 0xff ? 0xff : value;
            return;
        }
        EXPECT_EQ(port, 0x2f8);
        sent.push_back(static_cast<char>(value));
    }
};
using Registers = UartRegisters<FakePorts>;

constexpr BatonUart kAtPorts = {.address = 0x2f8,
                                .space = BATON_UART_IO,
                                .register_bytes = 4,
                                .access_bytes = 1,
                                .reserved = {}};

TEST(Uart, GetsLinesWithTheEndsOfATerminal) {
    FakePorts::reset(0x60);
    BatonUart uart = kAtPorts;
    Registers::send(uart, "one\ntwo");
    EXPECT_EQ(FakePorts::sent, "one\r\ntwo");
    EXPECT_EQ(FakePorts::reads, 8u);
}

TEST(Uart, IsWaitedForWhileItSends) {
    FakePorts::reset(0x20);
    FakePorts::is_busy_once = true;
    BatonUart uart = kAtPorts;
    Registers::send(uart, "ab");
    EXPECT_EQ(FakePorts::sent, "ab");
    EXPECT_EQ(FakePorts::reads, 4u);
}

TEST(Uart, ThatIsNeverReadyIsWaitedForOnce) {
    FakePorts::reset(0x00);
    BatonUart uart = kAtPorts;
    Registers::send(uart, std::string(1000, 'x'));
    EXPECT_EQ(FakePorts::sent, "");
    EXPECT_LE(FakePorts::reads, Registers::kTries + 1);
    EXPECT_GE(FakePorts::reads, Registers::kTries);
    EXPECT_EQ(uart.access_bytes, 0);
}

TEST(Uart, ThatIsNotThereGetsNothingAndIsNotWaitedFor) {
    FakePorts::reset(0xff);
    BatonUart uart = kAtPorts;
    EXPECT_FALSE(Registers::answers(uart));
    EXPECT_FALSE(Registers::has_scratch_register(uart));
    FakePorts::reads = 0;
    Registers::send(uart, "text");
    EXPECT_EQ(FakePorts::sent, "");
    EXPECT_EQ(FakePorts::reads, 1u);
}

TEST(Uart, WithAScratchRegisterIsKnownByIt) {
    FakePorts::reset(0x60);
    EXPECT_TRUE(Registers::answers(kAtPorts));
    EXPECT_TRUE(Registers::has_scratch_register(kAtPorts));
}

TEST(Uart, AtPort0IsNone) {
    BatonUart uart = uart_at_port(0);
    FakePorts::reset(0x60);
    Registers::send(uart, "text");
    EXPECT_EQ(FakePorts::reads, 0u);
}

/// Registers in memory: what is not accessed keeps its value.
template<class Word>
void expect_sent_by(unsigned register_bytes) {
    alignas(8) std::array<uint8_t, 64> memory;
    memory.fill(0xee);
    Word status = 0x20;
    std::memcpy(&memory[5 * register_bytes], &status, sizeof status);
    auto expected = memory;
    const Word character = 'A';
    std::memcpy(expected.data(), &character, sizeof character);
    BatonUart uart = {.address = reinterpret_cast<uint64_t>(memory.data()),
                      .space = BATON_UART_MEMORY,
                      .register_bytes = static_cast<uint8_t>(register_bytes),
                      .access_bytes = sizeof(Word),
                      .reserved = {}};
    Registers::send(uart, 'A');
    EXPECT_EQ(memory, expected) << sizeof(Word) << " of " << register_bytes;
}

TEST(Uart, InMemoryIsAccessedInItsWidthAtItsDistance) {
    for (const unsigned distance : {1, 2, 4, 8})
        expect_sent_by<uint8_t>(distance);
    for (const unsigned distance : {2, 4, 8})
        expect_sent_by<uint16_t>(distance);
    for (const unsigned distance : {4, 8})
        expect_sent_by<uint32_t>(distance);
}

BatonUart uart(uint64_t address, uint8_t space, uint8_t register_bytes, uint8_t access_bytes) {
    return {.address = address,
            .space = space,
            .register_bytes = register_bytes,
            .access_bytes = access_bytes,
            .reserved = {}};
}

TEST(Uart, IsValidWhereAllItsRegistersAre) {
    constexpr uint8_t kIo = BATON_UART_IO, kMemory = BATON_UART_MEMORY;
    EXPECT_TRUE(is_valid(uart_at_port(0x3f8)));
    EXPECT_FALSE(is_valid(uart_at_port(0)));
    EXPECT_TRUE(is_valid(uart(0xfff8, kIo, 1, 1)));
    EXPECT_FALSE(is_valid(uart(0xfff9, kIo, 1, 1)));
    EXPECT_FALSE(is_valid(uart(0xfff8, kIo, 4, 1)));
    EXPECT_FALSE(is_valid(uart(0x1'03f8, kIo, 1, 1)));
    EXPECT_FALSE(is_valid(uart(0x3f8, kIo, 4, 4))) << "I/O ports are bytes";
    EXPECT_TRUE(is_valid(uart(0xfe03'4000, kMemory, 4, 4)));
    EXPECT_TRUE(is_valid(uart(0xfe03'4001, kMemory, 1, 1)));
    EXPECT_FALSE(is_valid(uart(0xfe03'4002, kMemory, 4, 4))) << "not aligned";
    EXPECT_FALSE(is_valid(uart(0xfe03'4000, kMemory, 1, 4))) << "it would touch its neighbours";
    EXPECT_FALSE(is_valid(uart(0xfe03'4000, kMemory, 6, 4)));
    EXPECT_FALSE(is_valid(uart(0xfe03'4000, kMemory, 8, 8)));
    EXPECT_FALSE(is_valid(uart(0xfe03'4000, kMemory, 8, 3)));
    EXPECT_FALSE(is_valid(uart(0xfe03'4000, kMemory, 0, 1)));
    EXPECT_FALSE(is_valid(uart(0xfe03'4000, kMemory, 1, 0)));
    EXPECT_FALSE(is_valid(uart(0xfe03'4000, 2, 1, 1))) << "PCI configuration space";
    EXPECT_FALSE(is_valid(uart(0xff8, kMemory, 1, 1))) << "page 0";
    EXPECT_TRUE(is_valid(uart((uint64_t{1} << 47) - 8, kMemory, 1, 1)));
    EXPECT_FALSE(is_valid(uart((uint64_t{1} << 47) - 7, kMemory, 1, 1)));
    EXPECT_FALSE(is_valid(uart(~uint64_t{0}, kMemory, 255, 1)));
}

TEST(ReportPorts, HoldEachUartOnceAndNoMoreThanARecord) {
    ReportPorts ports;
    EXPECT_TRUE(ports.add(uart_at_port(0x3f8)));
    EXPECT_TRUE(ports.add(uart_at_port(0x3f8)));
    EXPECT_EQ(ports.uart_count, 1);
    EXPECT_FALSE(ports.add(uart_at_port(0)));
    EXPECT_TRUE(ports.add(uart(0x3f8'0000, BATON_UART_MEMORY, 1, 1)));
    EXPECT_TRUE(ports.add(uart_at_port(0x2f8)));
    EXPECT_TRUE(ports.add(uart_at_port(0x3e8)));
    EXPECT_FALSE(ports.add(uart_at_port(0x2e8)));
    EXPECT_EQ(ports.all().size(), std::size_t{BATON_HANDOFF_UARTS});
    EXPECT_TRUE(ports.add(uart_at_port(0x2f8))) << "it is there";
}

} // namespace
} // namespace baton::test

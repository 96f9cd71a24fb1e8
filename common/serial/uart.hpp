// SPDX-License-Identifier: BSD-2-Clause
//
// UARTs whose registers are those of a 16550: where they are, and how a character is sent.
#pragma once

#include "abi/handoff.h"
#include "core/address.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace baton {

inline constexpr uint16_t kCom1 = 0x3f8;

// 16550 registers (National Semiconductor PC16550D data sheet, table II): transmitter holding, line
// status with its bit "transmitter holding register empty", scratch.
inline constexpr unsigned kUartData = 0, kUartLineStatus = 5, kUartScratch = 7;
inline constexpr uint8_t kUartTransmitterEmpty = 0x20;
inline constexpr unsigned kUartRegisters = 8;

/// With byte registers side by side at I/O ports from `port` on, as a PC has them; none at port 0.
constexpr BatonUart uart_at_port(uint16_t port) {
    return {.address = port,
            .space = BATON_UART_IO,
            .register_bytes = 1,
            .access_bytes = port != 0,
            .reserved = {}};
}

/// Whether there is a UART whose registers lie within 16 bits of I/O ports, or in the lower half of
/// 4-level virtual addresses without page 0, each aligned to its access.
bool is_valid(const BatonUart& uart);

/// The memory that the registers of a valid UART take; empty for I/O ports.
PhysRange memory_of(const BatonUart& uart);

/// Where lines and fault reports go to.
struct ReportPorts {
    std::array<BatonUart, BATON_HANDOFF_UARTS> uarts{}; // the first uart_count
    uint16_t debug = 0;                                 // QEMU's debug console; 0: none
    uint8_t uart_count = 0;

    /// Whether it is there now: it is valid, and was there before or fits.
    bool add(const BatonUart& uart);
    /// Its index, or uart_count.
    std::size_t find(const BatonUart& uart) const;
    std::span<const BatonUart> all() const { return std::span(uarts).first(uart_count); }
};

/// How its registers are used. `Ports` has static in8(port) and out8(port, value).
template<class Ports>
struct UartRegisters {
    /// A read takes about a microsecond, a character at 300 baud 33 milliseconds.
    static constexpr uint32_t kTries = 100'000;
    static constexpr uint8_t kNobody = 0xff; // what is read where no device answers

    static uint8_t read(const BatonUart& uart, unsigned index) {
        const uint64_t address = uart.address + uint64_t{uart.register_bytes} * index;
        if (uart.space == BATON_UART_IO)
            return Ports::in8(static_cast<uint16_t>(address));
        if (uart.access_bytes == 4)
            return static_cast<uint8_t>(*reinterpret_cast<const volatile uint32_t*>(address));
        if (uart.access_bytes == 2)
            return static_cast<uint8_t>(*reinterpret_cast<const volatile uint16_t*>(address));
        return *reinterpret_cast<const volatile uint8_t*>(address);
    }
    static void write(const BatonUart& uart, unsigned index, uint8_t value) {
        const uint64_t address = uart.address + uint64_t{uart.register_bytes} * index;
        if (uart.space == BATON_UART_IO)
            Ports::out8(static_cast<uint16_t>(address), value);
        else if (uart.access_bytes == 4)
            *reinterpret_cast<volatile uint32_t*>(address) = value;
        else if (uart.access_bytes == 2)
            *reinterpret_cast<volatile uint16_t*>(address) = value;
        else
            *reinterpret_cast<volatile uint8_t*>(address) = value;
    }

    /// Sends a character once the UART is ready. One that isn't within kTries, or isn't there, gets
    /// nothing from then on: its access_bytes become 0.
    static void send(BatonUart& uart, char character) {
        for (uint32_t tries = kTries; uart.access_bytes != 0; --tries) {
            const uint8_t status = read(uart, kUartLineStatus);
            if (tries == 0 || status == kNobody)
                uart.access_bytes = 0;
            else if ((status & kUartTransmitterEmpty) != 0)
                return write(uart, kUartData, static_cast<uint8_t>(character));
        }
    }
    /// The same with a text whose lines end in LF: a CR comes before each.
    static void send(BatonUart& uart, std::string_view text) {
        for (const char character : text) {
            if (character == '\n')
                send(uart, '\r');
            send(uart, character);
        }
    }

    /// Whether a device answers at all.
    static bool answers(const BatonUart& uart) { return read(uart, kUartLineStatus) != kNobody; }
    /// Whether the scratch register keeps what is written to it. An 8250 has none.
    static bool has_scratch_register(const BatonUart& uart) {
        constexpr uint8_t kPattern = 0x5a;
        write(uart, kUartScratch, kPattern);
        return read(uart, kUartScratch) == kPattern;
    }
};

} // namespace baton

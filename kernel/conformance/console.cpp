// SPDX-License-Identifier: BSD-2-Clause
//
// Text output to the first serial port, a 16550 at 115200 baud, 8 data bits, no parity, 1 stop bit,
// and to the debug console of QEMU and Bochs, a port that takes a byte at a time.

#include "console.hpp"

#include "cpu.hpp"

namespace {

constexpr uint16_t kDebugConsole = 0xe9;

// The 16550's registers. The first two hold the divisor of the baud rate while bit 7 of the line
// control register is set.
constexpr uint16_t kSerial = 0x3f8;
constexpr uint16_t kData = kSerial + 0;
constexpr uint16_t kInterruptEnable = kSerial + 1;
constexpr uint16_t kDivisorLow = kSerial + 0;
constexpr uint16_t kDivisorHigh = kSerial + 1;
constexpr uint16_t kFifoControl = kSerial + 2;
constexpr uint16_t kLineControl = kSerial + 3;
constexpr uint16_t kModemControl = kSerial + 4;
constexpr uint16_t kLineStatus = kSerial + 5;

constexpr uint8_t kDivisorAccess = 0x80;
constexpr uint8_t k8N1 = 0x03;
constexpr uint8_t kFifosOnAndEmpty = 0x07;
constexpr uint8_t kTerminalReadyRequestToSend = 0x03;
constexpr uint8_t kTransmitterEmpty = 0x20;

// A byte takes 87 us on the wire and a port read about 1 us. A port that is not ready by then never
// will be, and must not stop the kernel.
constexpr int kMostStatusReads = 10000;

void write_serial(char byte) {
    for (int reads = 0; reads < kMostStatusReads; ++reads) {
        if ((in8(kLineStatus) & kTransmitterEmpty) != 0) {
            break;
        }
    }
    out8(kData, static_cast<uint8_t>(byte));
}

void write(char byte) {
    out8(kDebugConsole, static_cast<uint8_t>(byte));
    if (byte == '\n') {
        write_serial('\r');
    }
    write_serial(byte);
}

void write_spaces(uint64_t count) {
    while (count-- > 0) {
        write(' ');
    }
}

/// Digits of a number, made from the last to the first.
class Digits {
  public:
    Digits(uint64_t value, unsigned base) {
        do {
            *--first_ = "0123456789abcdef"[value % base];
            value /= base;
        } while (value != 0);
    }

    std::string_view text() const { return {first_, static_cast<size_t>(buffer_ + 20 - first_)}; }

  private:
    char buffer_[20]; // 2^64 - 1 has 20 decimal digits
    char* first_ = buffer_ + 20;
};

} // namespace

void initialise_console() {
    out8(kInterruptEnable, 0);
    out8(kLineControl, kDivisorAccess);
    out8(kDivisorLow, 1); // 115200 baud / 1
    out8(kDivisorHigh, 0);
    out8(kLineControl, k8N1);
    out8(kFifoControl, kFifosOnAndEmpty);
    out8(kModemControl, kTerminalReadyRequestToSend);
}

void print(std::string_view text) {
    for (const char byte : text) {
        write(byte);
    }
}

void print(Hex number) {
    const Digits digits(number.value, 16);
    print("0x");
    for (size_t printed = digits.text().size(); printed < number.digits; ++printed) {
        write('0');
    }
    print(digits.text());
}

void print(Decimal number) {
    const Digits digits(number.value, 10);
    if (digits.text().size() < number.width) {
        write_spaces(number.width - digits.text().size());
    }
    print(digits.text());
}

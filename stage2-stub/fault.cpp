// SPDX-License-Identifier: BSD-2-Clause
#include "stage2-stub/fault.hpp"

#include "stage2-stub/cpu.hpp"

#include <cstddef>

extern "C" {
extern const std::byte fault_stubs[];
[[noreturn]] void report_fault(uint64_t vector, const uint64_t* pushed);
}

namespace baton::stage2 {
namespace {

constexpr std::size_t kVectors = 32;
constexpr unsigned kStubBytes = 8;
constexpr uint16_t kCodeSelector = 0x08;

/// An interrupt gate: Intel SDM 3A section 6.14.1.
struct Gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t stack_table;
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};
static_assert(sizeof(Gate) == 16);

struct [[gnu::packed]] TableRegister {
    uint16_t limit;
    const void* base;
};

Gate idt[kVectors];
const BatonHandoff* report_to;
uint32_t current_step;
uint32_t current_segment;
bool reporting;

// Vectors by mnemonic, three characters each: Intel SDM 3A table 6-1, AMD APM 2 table 8-1.
constexpr char kMnemonics[] = "#DE#DBNMI#BP#OF#BR#UD#NM#DF  9#TS#NP#SS#GP#PF 15"
                              "#MF#AC#MC#XM#VE#CP 22 23 24 25 26 27#HV#VC#SX 31";
static_assert(sizeof kMnemonics == kVectors * 3 + 1);

// Vectors for which the processor pushes an error code.
constexpr uint32_t kWithErrorCode = 1u << 8 | 1u << 10 | 1u << 11 | 1u << 12 | 1u << 13 | 1u << 14 |
                                    1u << 17 | 1u << 21 | 1u << 29 | 1u << 30;

// In the order of BatonHandoffStep, each in 8 characters.
constexpr std::size_t kStepBytes = 8;
constexpr char kSteps[] = "entered\0tables\0\0copy\0\0\0\0state\0\0\0kernel\0";
static_assert(sizeof kSteps == BATON_STEP_COUNT * kStepBytes);

// 16550: line status register, transmitter holding register empty.
constexpr uint16_t kLineStatus = 5;
constexpr uint8_t kTransmitterEmpty = 0x20;

void put(char character) {
    const auto byte = static_cast<uint8_t>(character);
    if (report_to->debug_port != 0)
        out8(report_to->debug_port, byte);
    if (const uint16_t port = report_to->serial_port; port != 0) {
        for (uint32_t tries = 100'000; tries != 0; --tries)
            if ((in8(static_cast<uint16_t>(port + kLineStatus)) & kTransmitterEmpty) != 0)
                break;
        out8(port, byte);
    }
}

void put(const char* text) {
    while (*text != 0)
        put(*text++);
}

void put(const char* label, uint64_t value) {
    put(label);
    put("0x");
    bool leading = true;
    for (int shift = 60; shift >= 0; shift -= 4) {
        const auto digit = static_cast<unsigned>(value >> shift & 15);
        leading = leading && digit == 0 && shift != 0;
        if (!leading)
            put(static_cast<char>(digit < 10 ? '0' + digit : 'a' + digit - 10));
    }
}

void put_report(uint64_t vector, const uint64_t* pushed) {
    const uint64_t cr2 = read_cr2();
    put("\r\nbaton: exception ");
    for (unsigned i = 0; i < 3; ++i)
        put(kMnemonics[vector * 3 + i]);
    put(", vector ", vector);
    put(", error code ", (kWithErrorCode >> vector & 1) != 0 ? *pushed++ : 0);
    put(", rip ", pushed[0]);
    put(", cr2 ", cr2);
    put(", rsp ", pushed[3]);
    put(", step ");
    put(kSteps + current_step * kStepBytes);
    if (current_step == BATON_STEP_COPY)
        put(", segment ", current_segment);
    put("\r\n");
}

} // namespace

void install_fault_reports(const BatonHandoff* record) {
    report_to = record;
    auto stub = reinterpret_cast<uint64_t>(fault_stubs);
    for (Gate& gate : idt) {
        gate = {.offset_low = static_cast<uint16_t>(stub),
                .selector = kCodeSelector,
                .stack_table = 0,
                .type = 0x8e, // present, ring 0, interrupt gate
                .offset_middle = static_cast<uint16_t>(stub >> 16),
                .offset_high = static_cast<uint32_t>(stub >> 32),
                .reserved = 0};
        stub += kStubBytes;
    }
    const TableRegister idtr{sizeof idt - 1, idt};
    asm volatile("lidt %0" : : "m"(idtr));
}

void set_step(BatonHandoffStep step) {
    current_step = step;
}
void set_segment(uint32_t segment) {
    current_segment = segment;
}

} // namespace baton::stage2

/// Called by the stubs. `pushed`: the error code if the vector has one, RIP, CS, RFLAGS, RSP, SS.
void report_fault(uint64_t vector, const uint64_t* pushed) {
    using namespace baton::stage2;
    if (!reporting) { // a fault of the report's own is not reported
        reporting = true;
        put_report(vector, pushed);
        if (report_to->after_fault == BATON_AFTER_FAULT_EXIT)
            out32(report_to->exit_port, report_to->exit_value);
    }
    halt();
}

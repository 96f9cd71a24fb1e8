// SPDX-License-Identifier: BSD-2-Clause
//
// The processor's tables of segments and interrupts, and the instructions that load them.
#pragma once

#include <cstdint>

namespace baton::cpu {

/// GDTR or IDTR: Intel SDM 3A figure 2-6.
struct [[gnu::packed]] TableRegister {
    uint16_t limit;
    uint64_t base;
};

template<class Table>
TableRegister table_register(const Table& table) {
    return {.limit = sizeof table - 1, .base = reinterpret_cast<uint64_t>(&table)};
}

inline TableRegister read_gdtr() {
    TableRegister value;
    asm volatile("sgdt %0" : "=m"(value));
    return value;
}
inline TableRegister read_idtr() {
    TableRegister value;
    asm volatile("sidt %0" : "=m"(value));
    return value;
}
inline void write_gdtr(const TableRegister& value) {
    asm volatile("lgdt %0" : : "m"(value) : "memory");
}
inline void write_idtr(const TableRegister& value) {
    asm volatile("lidt %0" : : "m"(value) : "memory");
}

/// An interrupt gate: Intel SDM 3A section 6.14.1.
struct Gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t stack; // in the TSS, from 1; 0: the stack of now
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};
static_assert(sizeof(Gate) == 16);

constexpr Gate interrupt_gate(uint64_t address, uint16_t selector, uint8_t stack) {
    return {.offset_low = static_cast<uint16_t>(address),
            .selector = selector,
            .stack = stack,
            .type = 0x8e, // present, ring 0, interrupt gate
            .offset_middle = static_cast<uint16_t>(address >> 16),
            .offset_high = static_cast<uint32_t>(address >> 32),
            .reserved = 0};
}

/// The same for 32-bit code: Intel SDM 3A section 6.11.
struct Gate32 {
    uint16_t offset_low;
    uint16_t selector;
    uint16_t type;
    uint16_t offset_high;
};
static_assert(sizeof(Gate32) == 8);

constexpr Gate32 interrupt_gate32(uint32_t address, uint16_t selector) {
    return {.offset_low = static_cast<uint16_t>(address),
            .selector = selector,
            .type = 0x8e00, // present, ring 0, interrupt gate of 32 bits
            .offset_high = static_cast<uint16_t>(address >> 16)};
}

/// The task-state segment: Intel SDM 3A figure 7-11.
struct [[gnu::packed, gnu::aligned(8)]] TaskState {
    uint32_t reserved0;
    uint64_t stacks[3]; // for rings 0 to 2
    uint64_t reserved1;
    uint64_t interrupt_stacks[7];
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_map_offset;
};
static_assert(sizeof(TaskState) == 104);

/// CS, by a far return to the next instruction.
inline void load_code_segment(uint16_t selector) {
    uint64_t next;
    asm volatile("pushq %1; leaq 1f(%%rip), %0; pushq %0; lretq; 1:"
                 : "=&r"(next)
                 : "r"(uint64_t{selector})
                 : "memory");
}
inline void load_stack_segment(uint16_t selector) {
    asm volatile("mov %0, %%ss" : : "r"(uint32_t{selector}));
}
/// SS, DS, ES, FS and GS.
inline void load_data_segments(uint16_t selector) {
    asm volatile("mov %0, %%ss; mov %0, %%ds; mov %0, %%es; mov %0, %%fs; mov %0, %%gs"
                 :
                 : "r"(uint32_t{selector}));
}
inline void load_local_table(uint16_t selector) {
    asm volatile("lldt %0" : : "r"(selector));
}
inline void load_task(uint16_t selector) {
    asm volatile("ltr %0" : : "r"(selector) : "memory");
}

/// An exception that the processor can't deliver, nor the one that comes of that: it resets.
inline void triple_fault() {
    const TableRegister none{};
    asm volatile("lidt %0; ud2" : : "m"(none));
}

} // namespace baton::cpu

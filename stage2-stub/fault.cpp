// SPDX-License-Identifier: BSD-2-Clause
#include "stage2-stub/fault.hpp"

#include "stage2-stub/cpu.hpp"

#include <cstring>

extern "C" {
extern const std::byte fault_stubs[]; // of the vectors from kExceptions on
extern const std::byte exception_stubs[];
extern uint64_t task_descriptor[2]; // in the GDT
void load_flat_segments();
}

namespace baton::stage2 {

FaultState fault_state;

namespace {

constexpr std::size_t kVectors = 256;
constexpr std::size_t kExceptions = 32; // vectors that are the processor's own
constexpr uint16_t kCodeSelector = 0x08;

/// An interrupt gate: Intel SDM 3A section 6.14.1.
struct Gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t stack; // in the TSS, from 1
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

/// interrupts.asm counts on this alignment.
struct alignas(512) Stack {
    std::byte memory[2048];

    uint64_t top() const { return reinterpret_cast<uint64_t>(this + 1); }
};

Gate idt[kVectors];
Stack fault_stack;  // 1
Stack urgent_stack; // 2: for what may come at the first instruction of a handler
Stack inner_stack;  // for all that happens while a report is made

/// NMI, double fault, machine check.
constexpr bool is_urgent(std::size_t vector) {
    return vector == 2 || vector == 8 || vector == 18;
}

/// A descriptor of an available 64-bit TSS: Intel SDM 3A section 7.2.3.
void set_task_descriptor(uint64_t base) {
    constexpr uint64_t kPresent = uint64_t{1} << 47;
    constexpr uint64_t kAvailableTask = uint64_t{9} << 40;
    task_descriptor[0] = (sizeof(TaskState) - 1) | (base & 0xff'ffff) << 16 | kAvailableTask |
                         kPresent | (base >> 24 & 0xff) << 56;
    task_descriptor[1] = base >> 32;
}

void load_task() {
    TaskState& task = fault_state.task;
    task.interrupt_stacks[0] = fault_stack.top();
    task.interrupt_stacks[1] = urgent_stack.top();
    task.io_map_offset = sizeof task; // there is none
    set_task_descriptor(reinterpret_cast<uint64_t>(&task));
    load_flat_segments();
}

/// A vector's entry stub in interrupts.asm: 4 bytes for each exception; 1 for each interrupt, and 7
/// more behind every 32.
const std::byte* stub_of(std::size_t vector) {
    if (vector < kExceptions)
        return exception_stubs + vector * 4;
    const std::size_t interrupt = vector - kExceptions;
    return fault_stubs + interrupt + interrupt / 32 * 7;
}

void load_gates() {
    for (std::size_t vector = 0; vector < kVectors; ++vector) {
        const auto stub = reinterpret_cast<uint64_t>(stub_of(vector));
        idt[vector] = {.offset_low = static_cast<uint16_t>(stub),
                       .selector = kCodeSelector,
                       .stack = static_cast<uint8_t>(is_urgent(vector) ? 2 : 1),
                       .type = 0x8e, // present, ring 0, interrupt gate
                       .offset_middle = static_cast<uint16_t>(stub >> 16),
                       .offset_high = static_cast<uint32_t>(stub >> 32),
                       .reserved = 0};
    }
    const TableRegister idtr{sizeof idt - 1, idt};
    asm volatile("lidt %0" : : "m"(idtr));
}

} // namespace

void install_fault_reports(const BatonHandoff& record) {
    fault_state.handoff = {};
    fault_state.progress = {};
    // A caller of an earlier version has a shorter record.
    std::memcpy(&fault_state.handoff, &record,
                record.size < sizeof record ? record.size : sizeof record);
    fault_state.entered = read_tsc();
    load_task();
    load_gates();
}

void use_inner_stacks() {
    fault_state.task.interrupt_stacks[0] = inner_stack.top();
    fault_state.task.interrupt_stacks[1] = inner_stack.top();
}

} // namespace baton::stage2

// SPDX-License-Identifier: BSD-2-Clause
//
// What each processor has of its own: the boot processor in stage 2's memory, the others in the
// areas of their BatonHandoffProcessor.
#pragma once

#include "abi/handoff.h"
#include "cpu/descriptors.hpp"
#include "cpu/instructions.hpp"

#include <cstddef>
#include <cstdint>

extern "C" {
extern const std::byte stage2_start[]; // of the linker script, as the next one
extern const std::byte stage2_used_end[];
}

namespace baton::stage2 {

struct Jump; // of attempt.cpp

struct alignas(16) Stack {
    std::byte memory[2048];

    uint64_t top() const { return reinterpret_cast<uint64_t>(this + 1); }
};

/// How far another processor has come. processor_entry.asm counts on the numbers, and tools/gdb/.
enum class ProcessorState : uint32_t { expected = 0, came = 1, parked = 2, gone = 3, given_up = 4 };

struct Processor {
    uint32_t state_word;                // processor_entry.asm counts on the offsets of these three
    uint32_t repeats;                   // how often a processor with its APIC id came after it
    uint64_t entered;                   // its go word
    const BatonHandoffProcessor* entry; // null: the boot processor
    Jump* innermost;                    // attempt that runs
    bool is_reporting;
    cpu::TaskState task;
    uint64_t segments[32]; // its GDT; the boot processor's is elsewhere
    Stack fault_stack;
    Stack urgent_stack; // for what may come at the first instruction of a handler
    Stack inner_stack;  // for all that happens while a report is made, and before it is parked

    /// Other processors read and write it, too.
    ProcessorState state() const {
        return static_cast<ProcessorState>(__atomic_load_n(&state_word, __ATOMIC_ACQUIRE));
    }
    void set_state(ProcessorState to) { state_word = static_cast<uint32_t>(to); }
    /// If it is `from` now. Returns what it was.
    ProcessorState change_state(ProcessorState from, ProcessorState to) {
        auto word = static_cast<uint32_t>(from);
        __atomic_compare_exchange_n(&state_word, &word, static_cast<uint32_t>(to), false,
                                    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
        return static_cast<ProcessorState>(word);
    }
};
static_assert(sizeof(Processor) <= BATON_PROCESSOR_AREA_BYTES);
static_assert(offsetof(Processor, repeats) == 4 && offsetof(Processor, entered) == 8);

extern Processor boot_processor;

/// Of whoever calls it, on stage 2's stack, or on one of its own stacks above.
inline Processor& this_processor() {
    const uint64_t stack = cpu::read_stack_pointer();
    const auto block = reinterpret_cast<uint64_t>(stage2_start);
    if (stack - block <= reinterpret_cast<uint64_t>(stage2_used_end) - block)
        return boot_processor;
    return *reinterpret_cast<Processor*>((stack - 1) & ~uint64_t{BATON_PROCESSOR_AREA_BYTES - 1});
}

} // namespace baton::stage2

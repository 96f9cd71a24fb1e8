// SPDX-License-Identifier: BSD-2-Clause
//
// Reports an exception instead of dying of it: while stage 2 runs, and in the kernel until it loads
// an IDT of its own.
#pragma once

#include "fault/report.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace baton::stage2 {

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

/// What reports are made from. It is a copy: the kernel may do away with the record.
struct FaultState {
    BatonHandoff handoff;
    HandoffProgress progress;
    TaskState task;
    uint64_t entered; // TSC
};
extern FaultState fault_state;

/// Copies the record, and loads a GDT, a task register and an IDT in which each vector reports, on
/// a stack of its own. CR0.WP is off.
void install_fault_reports(const BatonHandoff& record);

/// After it, the next exception leaves alone what is on the stack of this one.
void use_inner_stacks();

} // namespace baton::stage2

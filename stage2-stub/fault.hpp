// SPDX-License-Identifier: BSD-2-Clause
//
// Reports an exception instead of dying of it: while stage 2 runs, and in the kernel until it loads
// an IDT of its own.
#pragma once

#include "cpu/descriptors.hpp"
#include "fault/report.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace baton::stage2 {

/// What reports are made from. It is a copy: the kernel may do away with the record.
struct FaultState {
    BatonHandoff handoff;
    HandoffProgress progress;
    cpu::TaskState task;
    uint64_t entered; // TSC
};
extern FaultState fault_state;

/// Copies the record, and loads a GDT, a task register and an IDT in which each vector reports, on
/// a stack of its own. The GDT is in read-only memory: CR0.WP is off.
void install_fault_reports(const BatonHandoff& record);

/// After it, the next exception leaves alone what is on the stack of this one.
void use_inner_stacks();

} // namespace baton::stage2

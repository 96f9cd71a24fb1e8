// SPDX-License-Identifier: BSD-2-Clause
//
// Reports an exception instead of dying of it: while stage 2 runs, and in the kernel until it loads
// an IDT of its own.
#pragma once

#include "cpu/constants.hpp"
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

/// That GDT, task register and IDT, where others have been loaded.
void load_report_tables();

/// The IDT.
extern cpu::Gate gates[cpu::kVectors];

/// The descriptor of an available 64-bit TSS, two words: Intel SDM 3A section 7.2.3.
void describe_task(const cpu::TaskState& task, uint64_t* descriptor);

/// After it, the next exception leaves alone what is on the stack of this one.
void use_inner_stacks();

} // namespace baton::stage2

// SPDX-License-Identifier: BSD-2-Clause
//
// Reports an exception instead of dying of it: while stage 2 runs, and in the kernel until it loads
// an IDT of its own.
#pragma once

#include "cpu/constants.hpp"
#include "cpu/descriptors.hpp"
#include "fault/report.hpp"
#include "stage2-stub/processor.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace baton::stage2 {

/// What reports are made from. It is a copy: the kernel may do away with the record.
struct FaultState {
    BatonHandoff handoff;
    HandoffProgress progress; // of the boot processor
    uint64_t entered;         // TSC
};
extern FaultState fault_state;

/// Copies the record, and loads a GDT, a task register and an IDT in which each vector reports, on
/// a stack of its own. The GDT is in read-only memory: CR0.WP is off.
void install_fault_reports(const BatonHandoff& record);

/// That GDT, task register and IDT, where others have been loaded.
void load_report_tables();

/// The IDT, which all processors share.
extern cpu::Gate gates[cpu::kVectors];

/// A GDT and its selectors.
struct SegmentTable {
    uint64_t* descriptors;
    uint16_t bytes;
    uint16_t code;
    uint16_t data;
    uint16_t task; // two descriptors, to be filled in
};
/// Stage 2's.
SegmentTable segment_table();

/// Loads all segment registers, and the task register with the processor's stacks for exceptions.
void load_segment_table(Processor& processor, const SegmentTable& table);

} // namespace baton::stage2

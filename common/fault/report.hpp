// SPDX-License-Identifier: BSD-2-Clause
//
// The report of an exception, as text. docs/faults.md shows what it looks like.
#pragma once

#include "abi/handoff.h"
#include "core/text.hpp"
#include "paging/page_walk.hpp"

#include <cstdint>

namespace baton {

/// What an entry stub leaves on the stack: the general registers, the vector, and what the
/// processor pushed (Intel SDM 3A section 6.14.2).
struct FaultFrame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector;
    uint64_t error_code; // kNoErrorCode: there was none
    uint64_t rip, cs, rflags, rsp, ss;
};
static_assert(sizeof(FaultFrame) == 22 * sizeof(uint64_t));

inline constexpr uint64_t kNoErrorCode = ~uint64_t{0};

/// Not the processor's: the record's page tables would not allow an access by stage 2. CR2 and the
/// error code are as they would be in the page fault that it spares itself.
inline constexpr uint64_t kPageTablesRefused = 256;

struct ControlRegisters {
    uint64_t cr0, cr2, cr3, cr4, efer;
};

/// Not the processor's either: the NMI of a watchdog.
inline constexpr uint64_t kWatchdogExpired = 257;

/// Nor this: a record from the 32-bit entry, whose BatonHandoffRefusal is the error code.
inline constexpr uint64_t kRecordRefused = 258;

/// Nor this: a processor that is required was not parked.
inline constexpr uint64_t kProcessorMissing = 259;

/// Addresses of a piece of code; bytes 0: not known.
struct CodeRange {
    uint64_t base;
    uint64_t bytes;

    constexpr bool contains(uint64_t address) const { return address - base < bytes; }
};

/// How far stage 2 has come.
struct HandoffProgress {
    BatonHandoffStep step;
    uint32_t segment; // of BATON_STEP_COPY
    bool zeroing;     // its bytes are copied: the rest of it is being zeroed
    uint64_t to;      // where; 0: not known
};

/// Of another processor than the one that boots.
struct ProcessorProgress {
    const BatonHandoffProcessor& processor;
    bool parked;      // at least
    uint64_t entered; // the kernel, at this address; 0: not yet
};

/// Everything that a report shows.
struct FaultScene {
    const FaultFrame& frame;
    const ControlRegisters& control;
    const BatonHandoff& handoff;
    HandoffProgress progress;
    const ProcessorProgress* other = nullptr; // null: the boot processor
    CodeRange stage2;
    CodeRange kernel;
    bool acknowledged;        // by the kernel
    unsigned physical_bits;   // MAXPHYADDR
    MemoryReader physical;    // for page tables
    MemoryReader virtual_now; // for the stack
};

/// The report, without what happens after it. Lines end in "\n" and have 80 columns, except where
/// numbers are longer than usual.
void write_fault_report(TextWriter& text, const FaultScene& scene);

/// "#PF page fault, vector 14".
TextWriter& write_vector(TextWriter& text, uint64_t vector);

/// The last line: what happens after the report.
void write_after_fault(TextWriter& text, BatonAfterFault after, uint32_t reset_after_seconds);

/// Of the whole report, with some to spare.
inline constexpr std::size_t kFaultReportBytes = 3072;

} // namespace baton

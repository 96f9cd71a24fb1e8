// SPDX-License-Identifier: BSD-2-Clause
//
// The other processors, each of which is started once, looks at itself, and halts.
#pragma once

#include "context.hpp"
#include "exceptions.hpp"
#include "processor.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace conformance {

/// What a processor has found. It lies on its own stack.
struct Seen {
    EntryState entry;
    uint64_t efer, pat, fs_base, gs_base, apic_base;
    uint32_t apic_id;
    unsigned runs; // how often a processor has come to the kernel's code, with this one
    uint64_t memory_type_count;
    uint64_t memory_types[48]; // MTRRs
    std::optional<Fault> code_written, stack_run, below_stack, above_stack, null_read;
};

/// The same of the processor that runs this.
uint32_t own_apic_id();
uint64_t read_memory_types(std::span<uint64_t> types);
inline uint64_t read_apic_base() {
    constexpr uint32_t kMsrApicBase = 0x1b;
    return read_msr(kMsrApicBase);
}

/// Starts all that are parked, one after the other; the second time it does nothing.
void run_processors(const Context& context);

/// Null: it has not come.
const Seen* seen_by(const BatonProcessor& processor);

} // namespace conformance

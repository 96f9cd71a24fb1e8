// SPDX-License-Identifier: BSD-2-Clause
//
// The record that stage 2 gets: abi/handoff.h.
#pragma once

#include "abi/handoff.h"
#include "boot/processors.hpp"
#include "config/boot_entry.hpp"
#include "memory/block.hpp"
#include "plan/address_space.hpp"
#include "plan/load_plan.hpp"
#include "protocols/protocol.hpp"
#include "serial/uart.hpp"

#include <cstddef>
#include <span>

namespace baton {

/// What a record says.
struct Handoff {
    const LoadPlan& plan; // placed; the file bytes of its segments are in their frames
    const Layout& layout;
    PhysAddr stack;
    PhysAddr page_table_root;
    bool five_level; // CR4.LA57 for the kernel
    const EntryState& entry;
    VirtAddr acknowledgement;          // 0: the kernel's record has none
    const ReportPorts& ports;          // for fault reports
    std::span<const Display> displays; // the first one too
    AfterFault after_fault;
    uint32_t watchdog_seconds; // 0: no watchdog
    uint64_t tsc_hz;
    const ProcessorPlan* processors = nullptr;   // null: none is started
    const KernelRecord* kernel_record = nullptr; // for their words
    bool processors_required = false;
};

/// A record in memory, with its arrays.
struct HandoffRecord {
    Block memory;
    BatonHandoff* record;
    std::span<BatonHandoffSegment> segments;
    std::span<BatonHandoffProcessor> processors;

    /// An empty one for so many segments and processors, in frames below 4 GiB that keep clear of
    /// `avoid`. Error: out_of_memory.
    static Result<HandoffRecord> make(std::size_t segments, std::size_t processors,
                                      FrameSource& frames, std::span<const PhysRange> avoid);

    /// With the machine state that the boot protocol promises; without time stamps. May be called
    /// again.
    void fill(const Handoff& handoff) const;

  private:
    void fill_processors(const Handoff& handoff) const;
};

} // namespace baton

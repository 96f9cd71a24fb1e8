// SPDX-License-Identifier: BSD-2-Clause
//
// The recipe: the way from a boot entry to stage 2, for every stage 1. The kernel and its modules
// get into their frames, the address space is built, the records are made, the firmware is left.
// All that can fail comes before that.
#pragma once

#include "boot/address_space.hpp"
#include "boot/kernel.hpp"
#include "boot/modules.hpp"
#include "boot/processors.hpp"
#include "boot/services.hpp"
#include "boot/stage2.hpp"

namespace baton {

/// What is not a number or a set of these is referred to.
struct BootInput {
    Platform& platform;
    const BootEntry& entry; // what to boot
    Log& log;
    Bytes stage2; // stage2.bin
    Processor processor;
    RandomNumbers& random; // forgotten once the kernel has them
    ReportPorts ports;     // where stage 2 reports exceptions to
    const PreviousBoot& previous;
    BatonBootPath path;
};

/// All that is done while the firmware is there.
struct PreparedBoot {
    Kernel kernel;
    std::span<const Module> modules;
    ProcessorPlan processors;
    MemoryPlan memory;
    Stage2 stage2;
    PageTables tables;
    MachineFacts machine;
    KernelRecord* record;
    InterruptPlan interrupts;               // masked once the firmware is gone
    std::span<const TypedRange> also_there; // in the memory map, beside what the firmware says
    std::span<TypedRange> map_buffer;       // for the last memory map
};

/// Does all that can fail; the log names the steps. `arena` is for what is needed until the kernel
/// runs. Errors name what they are about, with the kernel's path where nothing else is.
Result<PreparedBoot> prepare_boot(const BootInput& input, Arena& arena);

/// Leaves the firmware, and completes the records. Then stage 2's 64-bit entry is to be called with
/// the handoff record. A kernel that is called with boot services is to be entered itself, with
/// what its record's entry_state() says in EAX and EBX. Errors: of leave_firmware(), and of making
/// larger records.
Result<void> finish_boot(const BootInput& input, PreparedBoot& boot);

} // namespace baton

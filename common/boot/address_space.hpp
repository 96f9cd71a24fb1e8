// SPDX-License-Identifier: BSD-2-Clause
//
// The address space: what it holds is decided, then the page tables are built.
#pragma once

#include "boot/processors.hpp"
#include "boot/services.hpp"
#include "boot/stage2.hpp"
#include "plan/address_space.hpp"
#include "protocols/facts.hpp"
#include "serial/uart.hpp"

#include <span>

namespace baton {

/// What the kernel will find at which address; its own pages aside.
struct MemoryPlan {
    std::span<const Display> displays;
    std::span<const DirectMapping> direct_map;
    Layout layout;
    PhysAddr stack;
    PhysRange guard; // below a stack in the direct map, which doesn't show it; or empty
    std::span<const PhysRange> memory;  // that can be cached: Platform::memory()
    std::span<const TypedRange> tables; // of the firmware, in reserved memory that is shown
    bool runtime_map;                   // the direct map has what runtime services need
};

/// Sets the requested mode of the displays, chooses addresses, also of the stacks of `processors`,
/// allocates the stack. Errors: request_not_met, no_virtual_space, write_execute_refused,
/// memory_map_unavailable, out_of_memory.
Result<MemoryPlan> plan_memory(const Services& with, const Kernel& kernel,
                               const ProcessorPlan& processors);

struct PageTables {
    PhysAddr root;
    uint64_t frames;                           // of all tables
    std::span<const IdentityMapping> identity; // what stage 2 and its reports need
    ReportPorts ports; // those that a fault can be reported to: none of them in a kernel's page
};

/// Errors: out_of_memory, mapping_*.
Result<PageTables> build_page_tables(const Services& with, const Kernel& kernel,
                                     const MemoryPlan& memory, const ProcessorPlan& processors,
                                     const Stage2& stage2, const ReportPorts& ports,
                                     bool huge_pages);

} // namespace baton

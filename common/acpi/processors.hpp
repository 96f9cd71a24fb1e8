// SPDX-License-Identifier: BSD-2-Clause
//
// The processors of a machine, as its firmware lists them: ACPI 6.5 sections 5.2.12 (MADT) and
// 5.2.16 (SRAT); without ACPI, Intel MultiProcessor Specification 1.4 chapter 4.
#pragma once

#include "acpi/tables.hpp"
#include "core/address.hpp"
#include "core/arena.hpp"
#include "core/error.hpp"
#include "core/limits.hpp"

#include <cstdint>
#include <span>

namespace baton::acpi {

inline constexpr uint32_t kNoNumaDomain = ~uint32_t{0};

struct Processor {
    uint32_t id; // of its local APIC
    uint32_t uid;
    uint32_t numa_domain = kNoNumaDomain;
    bool enabled; // false: it may be plugged in
};

struct Processors {
    std::span<Processor> list; // in the order of the table, each id once
    uint64_t left_out = 0;     // enabled or not, more than kMostProcessors
    /// Of the firmware in whose hands they are (MADT type 16): a page of memory; 0: there is none.
    PhysAddr mailbox{};
};

/// Those that are enabled or can be. `rsdp`: the ACPI root pointer, 0 where there is none. Empty
/// where no table lists them. Error: out_of_memory.
Result<Processors> find_processors(const PhysicalMemory& memory, PhysAddr rsdp, Arena& arena);

} // namespace baton::acpi

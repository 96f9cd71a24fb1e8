// SPDX-License-Identifier: BSD-2-Clause
//
// What every step of the recipe works with.
#pragma once

#include "boot/platform.hpp"
#include "core/arena.hpp"
#include "log/log.hpp"

namespace baton {

struct Services {
    Platform& platform;
    Log& log;
    Arena& arena; // for what the steps make

    FrameSource& frames() const { return platform.frames(); }
};

/// The local APIC of the processor that runs Baton.
struct LocalApic {
    uint32_t id = 0;
    PhysAddr registers{}; // without x2APIC mode
    bool is_on = false;
    bool has_x2apic = false; // CPUID 1 ECX bit 21
    bool x2apic_is_on = false;
};

/// What the processor can do. It has long mode and NX.
struct Processor {
    bool huge_pages;        // 1 GiB: CPUID 80000001h EDX bit 26
    bool five_level_paging; // CPUID 7 ECX bit 16
    LocalApic apic{};
};

} // namespace baton

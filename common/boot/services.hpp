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

/// What the processor can do. It has long mode and NX.
struct Processor {
    bool huge_pages;        // 1 GiB: CPUID 80000001h EDX bit 26
    bool five_level_paging; // CPUID 7 ECX bit 16
};

} // namespace baton

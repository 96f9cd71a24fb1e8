// SPDX-License-Identifier: BSD-2-Clause
//
// Which physical memory the direct map shows, and how it is cached.
#pragma once

#include "abi/boot_info.h"
#include "core/arena.hpp"
#include "core/error.hpp"
#include "memory/efi_runtime.hpp"
#include "plan/address_space.hpp"
#include "plan/load_plan.hpp"

#include <span>

namespace baton {

struct DirectMapParts {
    std::span<const PhysRange> memory; // what can be cached, in whole pages, in any order
    const LoadPlan& plan;              // placed
    std::span<const BatonFramebuffer> framebuffers;
    std::span<const RuntimeRange> runtime = {}; // for runtime services, where the kernel calls them
    std::span<const PhysRange> devices = {};    // uncacheable, where there is no memory
    std::span<const PhysRange> hidden = {};     // memory that isn't to be shown
    bool is_executable = false;                 // where it is memory, and writable
};

/// All of the memory, and the framebuffers, which win where both have a page; sorted. The frames
/// of `plan` that the kernel can't write to can't be written to here either: its text and constants
/// are read-only in every alias. Of `runtime`, devices are uncacheable; code is executable, and not
/// writable where it is known what part of it is code. `hidden` wins over memory and devices alone.
/// The array is made in `arena`. Error: out_of_memory.
Result<std::span<DirectMapping>> plan_direct_map(const DirectMapParts& parts, Arena& arena);

/// One past the last byte of the mappings; 0 where there are none.
uint64_t physical_end(std::span<const DirectMapping> mappings);

} // namespace baton

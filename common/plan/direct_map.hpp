// SPDX-License-Identifier: BSD-2-Clause
//
// Which physical memory the direct map shows, and how it is cached.
#pragma once

#include "abi/boot_info.h"
#include "core/arena.hpp"
#include "core/error.hpp"
#include "plan/address_space.hpp"
#include "plan/load_plan.hpp"

#include <span>

namespace baton {

/// All of `memory` (what can be cached, in whole pages, in any order), and the framebuffers, which
/// win where both claim a page; sorted. The frames of `plan` that the kernel can't write to can't
/// be written to here either: its text and constants are read-only in every alias. The array is
/// made in `arena`, of which direct_map_bytes() are used. Error: out_of_memory (the arena is too
/// small).
Result<std::span<DirectMapping>> plan_direct_map(std::span<const PhysRange> memory,
                                                 const LoadPlan& plan,
                                                 std::span<const BatonFramebuffer> framebuffers,
                                                 Arena& arena);

/// Arena bytes that plan_direct_map() takes at the most.
uint64_t direct_map_bytes(std::size_t ranges, std::size_t page_runs, std::size_t framebuffers);

/// One past the last byte of the mappings; 0 where there are none.
uint64_t physical_end(std::span<const DirectMapping> mappings);

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// The memory map as it is now, while the firmware is there.
#pragma once

#include "boot/platform.hpp"
#include "memory/normalise.hpp"

#include <span>

namespace baton {

/// What Platform::read_memory_map() says, sorted and disjoint, in `arena`. Errors:
/// memory_map_unavailable, memory_map_too_long, out_of_memory.
Result<std::span<const NormalisedRange>> memory_map_of(Platform& platform, Arena& arena);

} // namespace baton

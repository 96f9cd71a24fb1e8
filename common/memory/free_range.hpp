// SPDX-License-Identifier: BSD-2-Clause
//
// Finds a place for a block of frames.
#pragma once

#include "memory/frame_source.hpp"

#include <optional>
#include <span>

namespace baton {

/// The highest base below `end` at which `request` fits into `free` without touching what it, or
/// `also_avoid`, says to avoid; nothing where it doesn't fit. `free` begins and ends at whole
/// pages.
std::optional<PhysAddr> highest_fit(PhysRange free, PhysAddr end, const FrameRequest& request,
                                    std::span<const PhysRange> also_avoid);

} // namespace baton

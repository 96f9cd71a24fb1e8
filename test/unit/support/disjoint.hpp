// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "core/address.hpp"

#include <algorithm>
#include <vector>

namespace baton::test {

/// What a FrameRequest is to avoid: in ascending order, without those that overlap one before.
inline std::vector<PhysRange> disjoint(std::vector<PhysRange> ranges) {
    std::ranges::sort(ranges, {}, &PhysRange::base);
    std::vector<PhysRange> kept;
    for (const PhysRange& range : ranges)
        if (!range.empty() && (kept.empty() || kept.back().end() <= range.base))
            kept.push_back(range);
    return kept;
}

} // namespace baton::test

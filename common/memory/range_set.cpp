// SPDX-License-Identifier: BSD-2-Clause
#include "memory/range_set.hpp"

#include <algorithm>

namespace baton {
namespace {

PhysRange cover(const PhysRange& a, const PhysRange& b) {
    const PhysAddr base = std::min(a.base, b.base);
    return {base, std::max(a.end(), b.end()) - base};
}

} // namespace

void RangeSet::add(PhysRange range) {
    if (range.empty())
        return;
    const auto end = ranges_.begin() + static_cast<std::ptrdiff_t>(count_);
    const auto first = std::find_if(
        ranges_.begin(), end, [&](const PhysRange& known) { return known.end() >= range.base; });
    const auto last =
        std::find_if(first, end, [&](const PhysRange& known) { return known.base > range.end(); });
    if (first == last) {
        std::copy_backward(first, end, end + 1);
        *first = range;
        if (++count_ > kCapacity)
            join_closest();
        return;
    }
    *first = cover(range, cover(*first, *(last - 1)));
    std::copy(last, end, first + 1);
    count_ -= static_cast<std::size_t>(last - first) - 1;
}

void RangeSet::join_closest() {
    std::size_t closest = 0;
    for (std::size_t i = 1; i + 1 < count_; ++i)
        if (ranges_[i + 1].base - ranges_[i].end() <
            ranges_[closest + 1].base - ranges_[closest].end())
            closest = i;
    ranges_[closest] = cover(ranges_[closest], ranges_[closest + 1]);
    std::copy(ranges_.begin() + static_cast<std::ptrdiff_t>(closest) + 2,
              ranges_.begin() + static_cast<std::ptrdiff_t>(count_),
              ranges_.begin() + static_cast<std::ptrdiff_t>(closest) + 1);
    --count_;
}

} // namespace baton

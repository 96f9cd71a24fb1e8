// SPDX-License-Identifier: BSD-2-Clause
#include "memory/free_memory.hpp"

#include "memory/free_range.hpp"
#include "memory/memory_range.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace baton {

void FreeMemory::add(PhysRange range, uint64_t kind) {
    if (range.empty() || range.base.value >= kPhysicalAddressEnd)
        return;
    const uint64_t base = range.base.value;
    const uint64_t end = base + std::min(range.bytes, kPhysicalAddressEnd - base);
    const bool shrinks = kind == kFree;
    const uint64_t first = shrinks ? align_up(base, kPageBytes) : align_down(base, kPageBytes);
    const uint64_t last = shrinks ? align_down(end, kPageBytes) : align_up(end, kPageBytes);
    if (last <= first)
        return;
    list_[count_++] = {{first}, kind | kBegins};
    list_[count_++] = {{last}, kind | kEnds};
}

void FreeMemory::build() {
    const std::size_t edges = count_;
    std::sort(list_.begin(), list_.begin() + static_cast<std::ptrdiff_t>(edges),
              [](const PhysRange& a, const PhysRange& b) { return a.base < b.base; });
    // How many ranges of each kind there are here. A range of the result takes the place of edges
    // that have been read: it has two of them at least.
    std::size_t depth[] = {0, 0};
    bool was_free = false;
    PhysAddr begin{};
    count_ = 0;
    for (std::size_t i = 0; i < edges;) {
        const PhysAddr address = list_[i].base;
        for (; i < edges && list_[i].base == address; ++i)
            depth[list_[i].bytes / kTaken] += (list_[i].bytes & kEnds) != 0 ? ~std::size_t{0} : 1;
        const bool is_free = depth[0] != 0 && depth[1] == 0;
        if (was_free && !is_free)
            list_[count_++] = {begin, address - begin};
        else if (is_free && !was_free)
            begin = address;
        was_free = is_free;
    }
    for (auto& limits : limits_)
        limits.fill({kPhysicalAddressEnd});
}

/// How many ranges begin below `end`.
std::size_t FreeMemory::count_below(PhysAddr end) const {
    const auto first = std::ranges::lower_bound(ranges(), end, {}, &PhysRange::base);
    return static_cast<std::size_t>(first - ranges().begin());
}

namespace {

PhysRange part_above(PhysRange range, PhysAddr low) {
    const PhysAddr base = std::max(range.base, low);
    return base < range.end() ? PhysRange{base, range.end() - base} : PhysRange{};
}

} // namespace

std::optional<PhysAddr> FreeMemory::take(PhysAddr end, const FrameRequest& request, PhysAddr low) {
    const uint64_t pages = std::max<uint64_t>(request.pages, 1);
    PhysAddr& limit =
        limits_[end <= k4GiB ? 0 : 1][static_cast<std::size_t>(std::bit_width(pages) - 1)];
    bool is_first = true;
    for (std::size_t i = count_below(std::min({limit, end, request.below})); i-- > 0;) {
        const PhysRange range = part_above(list_[i], low);
        if (range.bytes / kPageBytes < std::bit_floor(pages))
            continue;
        // A search that begins lower says nothing about what is above.
        if (std::exchange(is_first, false) && request.below >= end)
            limit = std::min(limit, range.end());
        if (const auto place = highest_fit(range, end, request, {})) {
            carve(i, {*place, request.pages * kPageBytes});
            return place;
        }
    }
    if (is_first && request.below >= end)
        limit = low;
    return {};
}

void FreeMemory::remove(PhysRange pages) {
    for (std::size_t i = count_below(pages.end()); i-- > 0 && list_[i].end() > pages.base;) {
        const PhysAddr base = std::max(list_[i].base, pages.base);
        carve(i, {base, std::min(list_[i].end(), pages.end()) - base});
    }
}

void FreeMemory::carve(std::size_t index, PhysRange block) {
    const PhysRange whole = list_[index];
    const PhysRange below{whole.base, block.base - whole.base};
    const PhysRange above{block.end(), whole.end() - block.end()};
    const auto at = list_.begin() + static_cast<std::ptrdiff_t>(index);
    const auto last = list_.begin() + static_cast<std::ptrdiff_t>(count_);
    if (!below.empty() && !above.empty() && count_ < list_.size()) {
        std::copy_backward(at + 1, last, last + 1);
        at[0] = below;
        at[1] = above;
        ++count_;
    } else if (below.empty() && above.empty()) {
        std::copy(at + 1, last, at);
        --count_;
    } else {
        *at = below.bytes >= above.bytes ? below : above;
    }
}

} // namespace baton

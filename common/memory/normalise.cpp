// SPDX-License-Identifier: BSD-2-Clause
#include "memory/normalise.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace baton {
namespace {

// From the least careful type to the most careful one.
constexpr std::array kAscending = {
    BATON_MEMORY_USABLE,           BATON_MEMORY_LOADER_RECLAIMABLE, BATON_MEMORY_KERNEL_AND_MODULES,
    BATON_MEMORY_ACPI_RECLAIMABLE, BATON_MEMORY_ACPI_NVS,           BATON_MEMORY_SPECIAL_PURPOSE,
    BATON_MEMORY_UNACCEPTED,       BATON_MEMORY_PERSISTENT,         BATON_MEMORY_RUNTIME_SERVICES,
    BATON_MEMORY_RESERVED,         BATON_MEMORY_FRAMEBUFFER,        BATON_MEMORY_BAD,
};

/// How careful one has to be with a type: the greater number wins.
uint64_t precedence(BatonMemoryType type) {
    constexpr auto kOfType = [] {
        std::array<uint8_t, kAscending.size() + 1> of_type{}; // types count from 1 on
        for (std::size_t i = 0; i < kAscending.size(); ++i)
            of_type[kAscending[i]] = static_cast<uint8_t>(i);
        return of_type;
    }();
    return type < kOfType.size() ? kOfType[type] : kAscending.size();
}

/// The whole pages that a range means; may be empty.
PhysRange pages_of(const TypedRange& typed) {
    const uint64_t base = std::min(typed.range.base.value, kPhysicalAddressEnd);
    const uint64_t end = base + std::min(typed.range.bytes, kPhysicalAddressEnd - base);
    const bool shrink = typed.type == BATON_MEMORY_USABLE;
    const uint64_t first = shrink ? align_up(base, kPageBytes) : align_down(base, kPageBytes);
    const uint64_t last = shrink ? align_down(end, kPageBytes) : align_up(end, kPageBytes);
    if (typed.range.empty() || last <= first)
        return {};
    return {{first}, last - first};
}

/// Of one type, a range that says what is there is the stronger, then the first one.
ActiveRange active_range(std::span<const TypedRange> ranges, uint32_t index) {
    const TypedRange& typed = ranges[index];
    const uint64_t has_origin = typed.origin != nullptr ? 1 : 0;
    return {.strength = (2 * precedence(typed.type) + has_origin) << 32 | ~index,
            .end = pages_of(typed).end().value};
}

/// The ranges that cover the address that the sweep has reached, in a heap with the strongest on
/// top. A range that has ended stays in it until it comes to the top.
class ActiveRanges {
  public:
    ActiveRanges(std::span<const TypedRange> ranges, std::span<ActiveRange> heap)
        : ranges_(ranges),
          heap_(heap) {}

    void add(const ActiveRange& typed) {
        heap_[count_++] = typed;
        std::push_heap(heap_.begin(), end(), is_weaker);
    }
    /// The strongest range that has the page at `address`, or null.
    const TypedRange* strongest(uint64_t address) {
        while (count_ != 0 && heap_[0].end <= address) {
            std::pop_heap(heap_.begin(), end(), is_weaker);
            --count_;
        }
        return count_ == 0 ? nullptr : &ranges_[~static_cast<uint32_t>(heap_[0].strength)];
    }

  private:
    static bool is_weaker(const ActiveRange& a, const ActiveRange& b) {
        return a.strength < b.strength;
    }
    std::span<ActiveRange>::iterator end() const {
        return heap_.begin() + static_cast<std::ptrdiff_t>(count_);
    }
    std::span<const TypedRange> ranges_;
    std::span<ActiveRange> heap_;
    std::size_t count_ = 0;
};

/// In half of `edges`. A firmware's map is in the order of addresses, or nearly so, and the
/// loader's blocks come after it: what is in order already is only merged with the rest, sorted.
std::span<RangeEdge> sorted_edges(std::span<const TypedRange> ranges, std::span<RangeEdge> edges) {
    std::size_t count = 0;
    for (uint32_t i = 0; i < ranges.size(); ++i) {
        const PhysRange pages = pages_of(ranges[i]);
        if (pages.empty())
            continue;
        edges[count++] = {pages.base.value, i, true};
        edges[count++] = {pages.end().value, i, false};
    }
    const auto used = edges.first(count);
    const auto is_below = [](const RangeEdge& a, const RangeEdge& b) {
        return a.address < b.address;
    };
    const auto rest = std::is_sorted_until(used.begin(), used.end(), is_below);
    if (rest == used.end())
        return used;
    std::make_heap(rest, used.end(), is_below); // a third of std::sort's code, and little is sorted
    std::sort_heap(rest, used.end(), is_below);
    const auto merged = edges.subspan(count, count);
    std::merge(used.begin(), rest, rest, used.end(), merged.begin(), is_below);
    return merged;
}

bool same_text(const char* a, const char* b) {
    return a == b || (a != nullptr && b != nullptr && std::string_view(a) == b);
}

/// Whether two ranges that touch are one.
bool joins(const NormalisedRange& below, const NormalisedRange& above) {
    return below.range.end() == above.range.base && below.type == above.type &&
           below.firmware_type == above.firmware_type && below.attributes == above.attributes &&
           same_text(below.origin, above.origin) && below.has_tables == above.has_tables;
}

} // namespace

Result<NormaliseBuffers> NormaliseBuffers::create(Arena& arena, std::size_t ranges) {
    NormaliseBuffers buffers;
    buffers.edges = TRY(arena.scratch<RangeEdge>(4 * ranges)); // half of them to merge into
    buffers.active = TRY(arena.scratch<ActiveRange>(ranges));
    buffers.of_firmware = TRY(arena.scratch<ActiveRange>(ranges));
    buffers.result = TRY(arena.scratch<NormalisedRange>(2 * ranges));
    return buffers;
}

std::span<NormalisedRange> normalise(std::span<const TypedRange> ranges,
                                     const NormaliseBuffers& buffers) {
    const auto edges = sorted_edges(ranges, buffers.edges);
    ActiveRanges all(ranges, buffers.active);
    ActiveRanges of_firmware(ranges, buffers.of_firmware);
    const auto out = buffers.result;
    std::size_t count = 0;
    for (std::size_t i = 0; i < edges.size();) {
        const uint64_t address = edges[i].address;
        for (; i < edges.size() && edges[i].address == address; ++i) {
            if (!edges[i].begins)
                continue;
            const ActiveRange active = active_range(ranges, edges[i].typed);
            all.add(active);
            if (ranges[edges[i].typed].firmware_type != BATON_NO_FIRMWARE_TYPE)
                of_firmware.add(active);
        }
        const TypedRange* const winner = all.strongest(address);
        if (winner == nullptr)
            continue; // a hole, or the end of everything
        const TypedRange* const firmware = of_firmware.strongest(address);
        // What begins ends: there is a next edge.
        const NormalisedRange range{.range = {{address}, edges[i].address - address},
                                    .type = winner->type,
                                    .firmware_type =
                                        firmware ? firmware->firmware_type : BATON_NO_FIRMWARE_TYPE,
                                    .attributes = firmware ? firmware->attributes : 0,
                                    .origin = winner->origin,
                                    .has_tables = winner->has_tables};
        if (count > 0 && joins(out[count - 1], range))
            out[count - 1].range.bytes += range.range.bytes;
        else
            out[count++] = range;
    }
    return out.first(count);
}

} // namespace baton

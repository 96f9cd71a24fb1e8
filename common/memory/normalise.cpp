// SPDX-License-Identifier: BSD-2-Clause
#include "memory/normalise.hpp"

#include <algorithm>
#include <array>

namespace baton {
namespace {

// Types by how careful they are; the last of those that apply to an address wins.
constexpr std::array kByPrecedence = {
    BATON_MEMORY_USABLE,
    BATON_MEMORY_LOADER_RECLAIMABLE,
    BATON_MEMORY_KERNEL_AND_MODULES,
    BATON_MEMORY_ACPI_RECLAIMABLE,
    BATON_MEMORY_ACPI_NVS,
    BATON_MEMORY_PERSISTENT,
    BATON_MEMORY_RUNTIME_SERVICES,
    BATON_MEMORY_RESERVED,
    BATON_MEMORY_FRAMEBUFFER,
    BATON_MEMORY_BAD,
};
constexpr uint32_t kTypeCount = BATON_MEMORY_RESERVED + 1;

/// The whole pages that a claim means; may be empty.
PhysRange pages_of(const TypedRange& claim) {
    const uint64_t base = std::min(claim.range.base.value, kPhysicalAddressEnd);
    const uint64_t end = base + std::min(claim.range.bytes, kPhysicalAddressEnd - base);
    const bool shrink = claim.type == BATON_MEMORY_USABLE;
    const uint64_t first = shrink ? align_up(base, kPageBytes) : align_down(base, kPageBytes);
    const uint64_t last = shrink ? align_down(end, kPageBytes) : align_up(end, kPageBytes);
    if (claim.range.empty() || last <= first)
        return {};
    return {{first}, last - first};
}

/// How many claims of each type apply at the address that the sweep has come to.
class ActiveTypes {
  public:
    void apply(const RangeEdge& edge) {
        if (edge.begins)
            ++counts_[edge.type];
        else
            --counts_[edge.type];
    }
    /// 0 where nothing is claimed.
    uint32_t strongest() const {
        for (std::size_t i = kByPrecedence.size(); i-- > 0;)
            if (counts_[kByPrecedence[i]] != 0)
                return kByPrecedence[i];
        return 0;
    }

  private:
    std::array<std::size_t, kTypeCount> counts_{};
};

std::size_t collect_edges(std::span<const TypedRange> claims, std::span<RangeEdge> edges) {
    std::size_t count = 0;
    for (const TypedRange& claim : claims) {
        const PhysRange pages = pages_of(claim);
        if (pages.empty())
            continue;
        edges[count++] = {pages.base.value, claim.type, true};
        edges[count++] = {pages.end().value, claim.type, false};
    }
    return count;
}

} // namespace

std::span<BatonMemoryRange> normalise(std::span<const TypedRange> claims,
                                      std::span<RangeEdge> edges, std::span<BatonMemoryRange> out) {
    const auto used = edges.first(collect_edges(claims, edges));
    std::sort(used.begin(), used.end(),
              [](const RangeEdge& a, const RangeEdge& b) { return a.address < b.address; });

    std::size_t count = 0;
    ActiveTypes active;
    for (std::size_t i = 0; i < used.size();) {
        const uint64_t address = used[i].address;
        for (; i < used.size() && used[i].address == address; ++i)
            active.apply(used[i]);
        const uint32_t type = active.strongest();
        if (type == 0)
            continue;                                     // a hole, or the end of everything
        const uint64_t bytes = used[i].address - address; // what begins ends: there is a next edge
        if (count > 0 && out[count - 1].type == type &&
            out[count - 1].base_physical + out[count - 1].bytes == address)
            out[count - 1].bytes += bytes;
        else
            out[count++] = {.base_physical = address, .bytes = bytes, .type = type, .reserved = 0};
    }
    return out.first(count);
}

} // namespace baton

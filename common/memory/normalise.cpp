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

/// Of one type, a claim that says what is there is the stronger, then the first one.
ActiveClaim active_claim(std::span<const TypedRange> claims, uint32_t index) {
    const TypedRange& claim = claims[index];
    const uint64_t tells = claim.origin != nullptr ? 1 : 0;
    return {.strength = (2 * precedence(claim.type) + tells) << 32 | ~index,
            .end = pages_of(claim).end().value};
}

/// The claims that apply where the sweep has come to, in a heap with the strongest on top. A claim
/// that has ended stays in it until it comes to the top.
class ActiveClaims {
  public:
    ActiveClaims(std::span<const TypedRange> claims, std::span<ActiveClaim> heap)
        : claims_(claims),
          heap_(heap) {}

    void add(const ActiveClaim& claim) {
        heap_[count_++] = claim;
        std::push_heap(heap_.begin(), end(), is_weaker);
    }
    /// The strongest claim on the page at `address`, or null.
    const TypedRange* strongest(uint64_t address) {
        while (count_ != 0 && heap_[0].end <= address) {
            std::pop_heap(heap_.begin(), end(), is_weaker);
            --count_;
        }
        return count_ == 0 ? nullptr : &claims_[~static_cast<uint32_t>(heap_[0].strength)];
    }

  private:
    static bool is_weaker(const ActiveClaim& a, const ActiveClaim& b) {
        return a.strength < b.strength;
    }
    std::span<ActiveClaim>::iterator end() const {
        return heap_.begin() + static_cast<std::ptrdiff_t>(count_);
    }
    std::span<const TypedRange> claims_;
    std::span<ActiveClaim> heap_;
    std::size_t count_ = 0;
};

/// In half of `edges`. Firmware tells its map in the order of addresses, or nearly so, and the
/// loader's blocks come behind: what is in order already is only merged with the rest, sorted.
std::span<RangeEdge> sorted_edges(std::span<const TypedRange> claims, std::span<RangeEdge> edges) {
    std::size_t count = 0;
    for (uint32_t i = 0; i < claims.size(); ++i) {
        const PhysRange pages = pages_of(claims[i]);
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
    std::sort(rest, used.end(), is_below);
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
           same_text(below.origin, above.origin);
}

} // namespace

Result<NormaliseRoom> NormaliseRoom::create(Arena& arena, std::size_t claims) {
    const auto edges = arena.scratch<RangeEdge>(edges_needed(claims));
    const auto heap = arena.scratch<ActiveClaim>(claims);
    const auto firmware_heap = arena.scratch<ActiveClaim>(claims);
    const auto result = arena.scratch<NormalisedRange>(normalised_at_most(claims));
    if (!edges || !heap || !firmware_heap || !result)
        return fail(ErrorCode::out_of_memory, {bytes_needed(claims), 1});
    return NormaliseRoom{*edges, *heap, *firmware_heap, *result};
}

std::span<NormalisedRange> normalise(std::span<const TypedRange> claims,
                                     const NormaliseRoom& room) {
    const auto edges = sorted_edges(claims, room.edges);
    ActiveClaims all(claims, room.claims);
    ActiveClaims of_firmware(claims, room.firmware_claims);
    const auto out = room.result;
    std::size_t count = 0;
    for (std::size_t i = 0; i < edges.size();) {
        const uint64_t address = edges[i].address;
        for (; i < edges.size() && edges[i].address == address; ++i) {
            if (!edges[i].begins)
                continue;
            const ActiveClaim claim = active_claim(claims, edges[i].claim);
            all.add(claim);
            if (claims[edges[i].claim].firmware_type != BATON_NO_FIRMWARE_TYPE)
                of_firmware.add(claim);
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
                                    .origin = winner->origin};
        if (count > 0 && joins(out[count - 1], range))
            out[count - 1].range.bytes += range.range.bytes;
        else
            out[count++] = range;
    }
    return out.first(count);
}

} // namespace baton

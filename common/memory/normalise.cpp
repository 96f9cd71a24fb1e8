// SPDX-License-Identifier: BSD-2-Clause
#include "memory/normalise.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace baton {
namespace {

/// How careful one has to be with a type: the greater number wins.
unsigned precedence(BatonMemoryType type) {
    constexpr std::array kAscending = {
        BATON_MEMORY_USABLE,
        BATON_MEMORY_LOADER_RECLAIMABLE,
        BATON_MEMORY_KERNEL_AND_MODULES,
        BATON_MEMORY_ACPI_RECLAIMABLE,
        BATON_MEMORY_ACPI_NVS,
        BATON_MEMORY_SPECIAL_PURPOSE,
        BATON_MEMORY_UNACCEPTED,
        BATON_MEMORY_PERSISTENT,
        BATON_MEMORY_RUNTIME_SERVICES,
        BATON_MEMORY_RESERVED,
        BATON_MEMORY_FRAMEBUFFER,
        BATON_MEMORY_BAD,
    };
    return static_cast<unsigned>(std::find(kAscending.begin(), kAscending.end(), type) -
                                 kAscending.begin());
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

/// The claims that apply where the sweep has come to, in a heap with the strongest on top. A claim
/// that has ended stays in it until it comes to the top.
class ActiveClaims {
    /// Whether claim `a` is weaker than `b`. Of one type, a claim that says what is there is the
    /// stronger, then the first one.
    struct Weaker {
        std::span<const TypedRange> claims;

        bool operator()(uint32_t a, uint32_t b) const {
            const unsigned of_a = precedence(claims[a].type);
            const unsigned of_b = precedence(claims[b].type);
            if (of_a != of_b)
                return of_a < of_b;
            const bool a_tells = claims[a].origin != nullptr;
            const bool b_tells = claims[b].origin != nullptr;
            return a_tells != b_tells ? b_tells : a > b;
        }
    };

  public:
    ActiveClaims(std::span<const TypedRange> claims, ClaimHeap heap)
        : claims_(claims),
          heap_(heap) {}

    void add(uint32_t claim) {
        heap_[count_++] = claim;
        std::push_heap(heap_.begin(), end(), Weaker{claims_});
    }
    /// The strongest claim on the page at `address`, or null.
    const TypedRange* strongest(uint64_t address) {
        while (count_ != 0 && !pages_of(claims_[heap_[0]]).contains({address})) {
            std::pop_heap(heap_.begin(), end(), Weaker{claims_});
            --count_;
        }
        return count_ == 0 ? nullptr : &claims_[heap_[0]];
    }

  private:
    ClaimHeap::iterator end() const { return heap_.begin() + static_cast<std::ptrdiff_t>(count_); }
    std::span<const TypedRange> claims_;
    ClaimHeap heap_;
    std::size_t count_ = 0;
};

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
    std::sort(used.begin(), used.end(),
              [](const RangeEdge& a, const RangeEdge& b) { return a.address < b.address; });
    return used;
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

std::span<NormalisedRange> normalise(std::span<const TypedRange> claims,
                                     const NormaliseScratch& scratch,
                                     std::span<NormalisedRange> out) {
    const auto edges = sorted_edges(claims, scratch.edges);
    ActiveClaims all(claims, scratch.claims);
    ActiveClaims of_firmware(claims, scratch.firmware_claims);
    std::size_t count = 0;
    for (std::size_t i = 0; i < edges.size();) {
        const uint64_t address = edges[i].address;
        for (; i < edges.size() && edges[i].address == address; ++i) {
            if (!edges[i].begins)
                continue;
            all.add(edges[i].claim);
            if (claims[edges[i].claim].firmware_type != BATON_NO_FIRMWARE_TYPE)
                of_firmware.add(edges[i].claim);
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

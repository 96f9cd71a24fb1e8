// SPDX-License-Identifier: BSD-2-Clause
#include "support/normalise_oracle.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace baton::test {
namespace {

constexpr uint64_t kPageLimit = uint64_t{1} << 40; // pages below 2^52

/// How careful a type is, by the sentence in normalise.hpp.
int rank(uint32_t type) {
    switch (type) {
    case BATON_MEMORY_USABLE:
        return 1;
    case BATON_MEMORY_LOADER_RECLAIMABLE:
        return 2;
    case BATON_MEMORY_KERNEL_AND_MODULES:
        return 3;
    case BATON_MEMORY_ACPI_RECLAIMABLE:
        return 4;
    case BATON_MEMORY_ACPI_NVS:
        return 5;
    case BATON_MEMORY_SPECIAL_PURPOSE:
        return 6;
    case BATON_MEMORY_UNACCEPTED:
        return 7;
    case BATON_MEMORY_PERSISTENT:
        return 8;
    case BATON_MEMORY_RUNTIME_SERVICES:
        return 9;
    case BATON_MEMORY_RESERVED:
        return 10;
    case BATON_MEMORY_FRAMEBUFFER:
        return 11;
    case BATON_MEMORY_BAD:
        return 12;
    default:
        return 0;
    }
}

/// The pages of a claim, [first, last) as numbers of pages.
struct Pages {
    uint64_t first, last;
};

Pages pages_of(const TypedRange& claim) {
    if (claim.range.bytes == 0)
        return {0, 0};
    const uint64_t first_byte = claim.range.base.value;
    uint64_t last_byte = first_byte + (claim.range.bytes - 1);
    if (last_byte < first_byte)
        last_byte = ~uint64_t{0};
    Pages touched{first_byte / 4096, last_byte / 4096 + 1};
    if (claim.type == BATON_MEMORY_USABLE) {
        if (first_byte % 4096 != 0)
            ++touched.first;
        if (last_byte % 4096 != 4095)
            --touched.last;
    }
    return {std::min(touched.first, kPageLimit), std::min(touched.last, kPageLimit)};
}

/// Of one type, a claim that has an origin wins, then the one that comes first.
bool is_stronger(const TypedRange& claim, const TypedRange& than) {
    if (claim.type != than.type)
        return rank(claim.type) > rank(than.type);
    return claim.origin != nullptr && than.origin == nullptr;
}

/// The strongest of the claims on a page, or null. `firmware_only`: of the firmware's.
const TypedRange* strongest_at(uint64_t page, std::span<const TypedRange> claims,
                               bool firmware_only) {
    const TypedRange* strongest = nullptr;
    for (const TypedRange& claim : claims) {
        const Pages pages = pages_of(claim);
        if (page < pages.first || page >= pages.last ||
            (firmware_only && claim.firmware_type == BATON_NO_FIRMWARE_TYPE))
            continue;
        if (strongest == nullptr || is_stronger(claim, *strongest))
            strongest = &claim;
    }
    return strongest;
}

} // namespace

MemoryMap normalise_oracle(std::span<const TypedRange> claims) {
    std::set<uint64_t> boundaries;
    for (const TypedRange& claim : claims) {
        boundaries.insert(pages_of(claim).first);
        boundaries.insert(pages_of(claim).last);
    }
    MemoryMap map;
    for (auto page = boundaries.begin(); page != boundaries.end(); ++page) {
        const TypedRange* const winner = strongest_at(*page, claims, false);
        const TypedRange* const firmware = strongest_at(*page, claims, true);
        if (winner == nullptr)
            continue;
        const uint64_t base = *page * 4096;
        const NormalisedRange range{.range = {{base}, *std::next(page) * 4096 - base},
                                    .type = winner->type,
                                    .firmware_type =
                                        firmware ? firmware->firmware_type : BATON_NO_FIRMWARE_TYPE,
                                    .attributes = firmware ? firmware->attributes : 0,
                                    .origin = winner->origin};
        if (!map.empty() && same_kind(map.back(), range) && map.back().range.end().value == base)
            map.back().range.bytes += range.range.bytes;
        else
            map.push_back(range);
    }
    return map;
}

} // namespace baton::test

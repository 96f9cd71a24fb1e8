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

/// The pages of a typed, [first, last) as numbers of pages.
struct Pages {
    uint64_t first, last;
};

Pages pages_of(const TypedRange& typed) {
    if (typed.range.bytes == 0)
        return {0, 0};
    const uint64_t first_byte = typed.range.base.value;
    uint64_t last_byte = first_byte + (typed.range.bytes - 1);
    if (last_byte < first_byte)
        last_byte = ~uint64_t{0};
    Pages touched{first_byte / 4096, last_byte / 4096 + 1};
    if (typed.type == BATON_MEMORY_USABLE) {
        if (first_byte % 4096 != 0)
            ++touched.first;
        if (last_byte % 4096 != 4095)
            --touched.last;
    }
    return {std::min(touched.first, kPageLimit), std::min(touched.last, kPageLimit)};
}

/// Of one type, a typed that has an origin wins, then the one that comes first.
bool is_stronger(const TypedRange& typed, const TypedRange& than) {
    if (typed.type != than.type)
        return rank(typed.type) > rank(than.type);
    return typed.origin != nullptr && than.origin == nullptr;
}

/// The strongest of the ranges on a page, or null. `firmware_only`: of the firmware's.
const TypedRange* strongest_at(uint64_t page, std::span<const TypedRange> ranges,
                               bool firmware_only) {
    const TypedRange* strongest = nullptr;
    for (const TypedRange& typed : ranges) {
        const Pages pages = pages_of(typed);
        if (page < pages.first || page >= pages.last ||
            (firmware_only && typed.firmware_type == BATON_NO_FIRMWARE_TYPE))
            continue;
        if (strongest == nullptr || is_stronger(typed, *strongest))
            strongest = &typed;
    }
    return strongest;
}

} // namespace

MemoryMap normalise_oracle(std::span<const TypedRange> ranges) {
    std::set<uint64_t> boundaries;
    for (const TypedRange& typed : ranges) {
        boundaries.insert(pages_of(typed).first);
        boundaries.insert(pages_of(typed).last);
    }
    MemoryMap map;
    for (auto page = boundaries.begin(); page != boundaries.end(); ++page) {
        const TypedRange* const winner = strongest_at(*page, ranges, false);
        const TypedRange* const firmware = strongest_at(*page, ranges, true);
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

// SPDX-License-Identifier: BSD-2-Clause
//
// normalise() against an oracle that asks, for each stretch between two page boundaries, every
// claim whether it is there.
#include "memory/normalise.hpp"

#include "support/normalised.hpp"
#include "support/random.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>
#include <vector>

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
const TypedRange* strongest_at(uint64_t page, const std::vector<TypedRange>& claims,
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

MemoryMap oracle(const std::vector<TypedRange>& claims) {
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

uint64_t hostile_base(Random& random) {
    switch (random.below(6)) {
    case 0:
        return random.any();
    case 1: // about 2^52
        return (uint64_t{1} << 52) + random.below(8 * 4096) - 4 * 4096;
    case 2: // about 2^64
        return 0 - random.below(4 * 4096);
    case 3: // within a page
        return random.below(16 * 4096);
    default:
        return random.below(16) * 4096;
    }
}

uint64_t hostile_size(Random& random) {
    switch (random.below(6)) {
    case 0:
        return random.any();
    case 1:
        return 0 - random.below(3 * 4096);
    case 2:
        return random.below(3);
    case 3:
        return random.below(6 * 4096);
    default:
        return random.below(6) * 4096;
    }
}

/// The firmware's type and attributes, or an origin of the loader's, or none of them, or all.
void add_layers(TypedRange& claim, Random& random) {
    // Two that read the same are the same, wherever they are.
    static const char kTables[] = "page tables", kTablesToo[] = "page tables", kStack[] = "stack";
    constexpr const char* kOrigins[] = {kTables, kTablesToo, kStack, ""};
    if (random.one_in(2)) {
        claim.firmware_type = static_cast<uint32_t>(random.below(3));
        claim.attributes = random.below(3);
    }
    if (random.one_in(3))
        claim.origin = random.pick(kOrigins);
}

enum class Layers { none, some };

std::vector<TypedRange> hostile_claims(Random& random, Layers layers = Layers::none) {
    std::vector<TypedRange> claims;
    const uint64_t count = random.below(13);
    while (claims.size() < count) {
        if (!claims.empty() && random.one_in(6))
            claims.push_back(claims[random.below(claims.size())]);
        else
            claims.push_back({.range = {{hostile_base(random)}, hostile_size(random)},
                              .type = static_cast<BatonMemoryType>(1 + random.below(12))});
        if (layers == Layers::some)
            add_layers(claims.back(), random);
    }
    return claims;
}

TEST(NormaliseProperty, HostileClaimsMakeTheOraclesMap) {
    Random random(2024);
    for (int i = 0; i < 5000; ++i) {
        const auto claims = hostile_claims(random);
        const MemoryMap map = normalised(claims);
        ASSERT_EQ(map, oracle(claims)) << "case " << i;
        expect_well_formed(map);
    }
}

TEST(NormaliseProperty, LayersOfFirmwareAndLoaderMakeTheOraclesMap) {
    Random random(2027);
    for (int i = 0; i < 5000; ++i) {
        const auto claims = hostile_claims(random, Layers::some);
        const MemoryMap map = normalised(claims);
        ASSERT_EQ(map, oracle(claims)) << "case " << i;
        expect_well_formed(map);
    }
}

TEST(NormaliseProperty, TheOrderOfClaimsDoesNotMatter) {
    Random random(2025);
    for (int i = 0; i < 1000; ++i) {
        auto claims = hostile_claims(random);
        const MemoryMap map = normalised(claims);
        random.shuffle(std::span(claims));
        ASSERT_EQ(normalised(claims), map) << "case " << i;
    }
}

TEST(NormaliseProperty, AMapIsItsOwnNormalForm) {
    Random random(2026);
    for (int i = 0; i < 1000; ++i) {
        const MemoryMap map = normalised(hostile_claims(random, Layers::some));
        std::vector<TypedRange> claims;
        for (const NormalisedRange& range : map)
            claims.push_back({.range = range.range,
                              .type = range.type,
                              .firmware_type = range.firmware_type,
                              .attributes = range.attributes,
                              .origin = range.origin});
        ASSERT_EQ(normalised(claims), map) << "case " << i;
    }
}

} // namespace
} // namespace baton::test

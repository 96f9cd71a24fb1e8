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

constexpr uint64_t kPage = 4096;
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
    case BATON_MEMORY_PERSISTENT:
        return 6;
    case BATON_MEMORY_RUNTIME_SERVICES:
        return 7;
    case BATON_MEMORY_RESERVED:
        return 8;
    case BATON_MEMORY_FRAMEBUFFER:
        return 9;
    case BATON_MEMORY_BAD:
        return 10;
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
    Pages touched{first_byte / kPage, last_byte / kPage + 1};
    if (claim.type == BATON_MEMORY_USABLE) {
        if (first_byte % kPage != 0)
            ++touched.first;
        if (last_byte % kPage != kPage - 1)
            --touched.last;
    }
    return {std::min(touched.first, kPageLimit), std::min(touched.last, kPageLimit)};
}

uint32_t type_at(uint64_t page, const std::vector<TypedRange>& claims) {
    uint32_t strongest = 0;
    for (const TypedRange& claim : claims) {
        const Pages pages = pages_of(claim);
        if (pages.first <= page && page < pages.last && rank(claim.type) > rank(strongest))
            strongest = claim.type;
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
        const uint32_t type = type_at(*page, claims);
        if (type == 0)
            continue;
        const uint64_t base = *page * kPage;
        const uint64_t bytes = *std::next(page) * kPage - base;
        if (!map.empty() && map.back().type == type &&
            map.back().base_physical + map.back().bytes == base)
            map.back().bytes += bytes;
        else
            map.push_back({.base_physical = base, .bytes = bytes, .type = type, .reserved = 0});
    }
    return map;
}

uint64_t hostile_base(Random& random) {
    switch (random.below(6)) {
    case 0:
        return random.any();
    case 1: // about 2^52
        return (uint64_t{1} << 52) + random.below(8 * kPage) - 4 * kPage;
    case 2: // about 2^64
        return 0 - random.below(4 * kPage);
    case 3: // within a page
        return random.below(16 * kPage);
    default:
        return random.below(16) * kPage;
    }
}

uint64_t hostile_size(Random& random) {
    switch (random.below(6)) {
    case 0:
        return random.any();
    case 1:
        return 0 - random.below(3 * kPage);
    case 2:
        return random.below(3);
    case 3:
        return random.below(6 * kPage);
    default:
        return random.below(6) * kPage;
    }
}

std::vector<TypedRange> hostile_claims(Random& random) {
    std::vector<TypedRange> claims;
    const uint64_t count = random.below(13);
    while (claims.size() < count) {
        if (!claims.empty() && random.one_in(6))
            claims.push_back(claims[random.below(claims.size())]);
        else
            claims.push_back({.range = {{hostile_base(random)}, hostile_size(random)},
                              .type = static_cast<BatonMemoryType>(1 + random.below(10))});
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
        const MemoryMap map = normalised(hostile_claims(random));
        std::vector<TypedRange> claims;
        for (const BatonMemoryRange& range : map)
            claims.push_back({.range = {{range.base_physical}, range.bytes},
                              .type = static_cast<BatonMemoryType>(range.type)});
        ASSERT_EQ(normalised(claims), map) << "case " << i;
    }
}

} // namespace
} // namespace baton::test

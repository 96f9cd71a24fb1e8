// SPDX-License-Identifier: BSD-2-Clause
//
// normalise() against an oracle.
#include "memory/normalise.hpp"

#include "support/normalise_oracle.hpp"
#include "support/normalised.hpp"
#include "support/random.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace baton::test {
namespace {

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
void add_layers(TypedRange& typed, Random& random) {
    // Two that read the same are the same, wherever they are.
    static const char kTables[] = "page tables", kTablesToo[] = "page tables", kStack[] = "stack";
    constexpr const char* kOrigins[] = {kTables, kTablesToo, kStack, ""};
    if (random.one_in(2)) {
        typed.firmware_type = static_cast<uint32_t>(random.below(3));
        typed.attributes = random.below(3);
    }
    if (random.one_in(3))
        typed.origin = random.pick(kOrigins);
}

enum class Layers { none, some };

std::vector<TypedRange> hostile_ranges(Random& random, Layers layers = Layers::none) {
    std::vector<TypedRange> ranges;
    const uint64_t count = random.below(13);
    while (ranges.size() < count) {
        if (!ranges.empty() && random.one_in(6))
            ranges.push_back(ranges[random.below(ranges.size())]);
        else
            ranges.push_back({.range = {{hostile_base(random)}, hostile_size(random)},
                              .type = static_cast<BatonMemoryType>(1 + random.below(12))});
        if (layers == Layers::some)
            add_layers(ranges.back(), random);
    }
    return ranges;
}

TEST(NormaliseProperty, HostileRangesMakeTheOraclesMap) {
    Random random(2024);
    for (int i = 0; i < 5000; ++i) {
        const auto ranges = hostile_ranges(random);
        const MemoryMap map = normalised(ranges);
        ASSERT_EQ(map, normalise_oracle(ranges)) << "case " << i;
        expect_well_formed(map);
    }
}

TEST(NormaliseProperty, LayersOfFirmwareAndLoaderMakeTheOraclesMap) {
    Random random(2027);
    for (int i = 0; i < 5000; ++i) {
        const auto ranges = hostile_ranges(random, Layers::some);
        const MemoryMap map = normalised(ranges);
        ASSERT_EQ(map, normalise_oracle(ranges)) << "case " << i;
        expect_well_formed(map);
    }
}

TEST(NormaliseProperty, TheOrderOfRangesDoesNotMatter) {
    Random random(2025);
    for (int i = 0; i < 1000; ++i) {
        auto ranges = hostile_ranges(random);
        const MemoryMap map = normalised(ranges);
        random.shuffle(std::span(ranges));
        ASSERT_EQ(normalised(ranges), map) << "case " << i;
    }
}

TEST(NormaliseProperty, AMapIsItsOwnNormalForm) {
    Random random(2026);
    for (int i = 0; i < 1000; ++i) {
        const MemoryMap map = normalised(hostile_ranges(random, Layers::some));
        std::vector<TypedRange> ranges;
        for (const NormalisedRange& range : map)
            ranges.push_back({.range = range.range,
                              .type = range.type,
                              .firmware_type = range.firmware_type,
                              .attributes = range.attributes,
                              .origin = range.origin});
        ASSERT_EQ(normalised(ranges), map) << "case " << i;
    }
}

} // namespace
} // namespace baton::test

// SPDX-License-Identifier: BSD-2-Clause
#include "memory/normalise.hpp"

#include "support/normalised.hpp"
#include "support/random.hpp"

#include <ctime>
#include <gtest/gtest.h>
#include <vector>

namespace baton::test {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kEnd = uint64_t{1} << 52;

// The header's sentence, from the least careful to the most careful.
constexpr BatonMemoryType kPrecedence[] = {
    BATON_MEMORY_USABLE,           BATON_MEMORY_LOADER_RECLAIMABLE, BATON_MEMORY_KERNEL_AND_MODULES,
    BATON_MEMORY_ACPI_RECLAIMABLE, BATON_MEMORY_ACPI_NVS,           BATON_MEMORY_SPECIAL_PURPOSE,
    BATON_MEMORY_UNACCEPTED,       BATON_MEMORY_PERSISTENT,         BATON_MEMORY_RUNTIME_SERVICES,
    BATON_MEMORY_RESERVED,         BATON_MEMORY_FRAMEBUFFER,        BATON_MEMORY_BAD,
};

TypedRange typed(uint64_t base, uint64_t bytes, BatonMemoryType type = BATON_MEMORY_USABLE) {
    return {.range = {{base}, bytes}, .type = type};
}

NormalisedRange range(uint64_t base, uint64_t bytes, BatonMemoryType type = BATON_MEMORY_USABLE) {
    return {.range = {{base}, bytes},
            .type = type,
            .firmware_type = BATON_NO_FIRMWARE_TYPE,
            .attributes = 0,
            .origin = nullptr};
}

TEST(Normalise, NothingMakesNothing) {
    EXPECT_EQ(normalised({}), MemoryMap{});
}

TEST(Normalise, SortsByAddress) {
    EXPECT_EQ(normalised({typed(9 * kPage, kPage), typed(kPage, kPage), typed(5 * kPage, kPage)}),
              (MemoryMap{range(kPage, kPage), range(5 * kPage, kPage), range(9 * kPage, kPage)}));
}

TEST(Normalise, MergesNeighboursOfOneType) {
    EXPECT_EQ(normalised({typed(2 * kPage, kPage), typed(kPage, kPage)}),
              (MemoryMap{range(kPage, 2 * kPage)}));
}

TEST(Normalise, MergesWhatOverlapsAndIsOfOneType) {
    EXPECT_EQ(normalised({typed(kPage, 3 * kPage), typed(2 * kPage, 4 * kPage)}),
              (MemoryMap{range(kPage, 5 * kPage)}));
}

TEST(Normalise, MergesAcrossARangeOfTheSameType) {
    EXPECT_EQ(normalised({typed(0, 9 * kPage), typed(2 * kPage, kPage), typed(0, 9 * kPage)}),
              (MemoryMap{range(0, 9 * kPage)}));
}

TEST(Normalise, KeepsAHoleBetweenTwoOfOneType) {
    EXPECT_EQ(normalised({typed(0, kPage), typed(2 * kPage, kPage)}),
              (MemoryMap{range(0, kPage), range(2 * kPage, kPage)}));
}

TEST(Normalise, SplitsWhereAMoreCarefulRangeLies) {
    EXPECT_EQ(normalised({typed(kPage, kPage, BATON_MEMORY_RESERVED), typed(0, 3 * kPage)}),
              (MemoryMap{range(0, kPage), range(kPage, kPage, BATON_MEMORY_RESERVED),
                         range(2 * kPage, kPage)}));
}

TEST(Normalise, TheMoreCarefulTypeWins) {
    for (std::size_t i = 0; i < std::size(kPrecedence); ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
            const auto weak = typed(kPage, kPage, kPrecedence[j]);
            const auto strong = typed(kPage, kPage, kPrecedence[i]);
            const MemoryMap expected{range(kPage, kPage, kPrecedence[i])};
            EXPECT_EQ(normalised({weak, strong}), expected) << i << ' ' << j;
            EXPECT_EQ(normalised({strong, weak}), expected) << i << ' ' << j;
        }
    }
}

TEST(Normalise, PrecedenceNamesEveryType) {
    EXPECT_EQ(std::size(kPrecedence), std::size_t{BATON_MEMORY_SPECIAL_PURPOSE});
}

TEST(Normalise, APartOfAPageIsNotUsable) {
    EXPECT_EQ(normalised({typed(kPage + 1, 3 * kPage - 2)}), (MemoryMap{range(2 * kPage, kPage)}));
    EXPECT_EQ(normalised({typed(kPage + 1, kPage)}), MemoryMap{});
    EXPECT_EQ(normalised({typed(kPage, kPage - 1)}), MemoryMap{});
}

TEST(Normalise, APartOfAPageBelongsToEachOtherTypeThatTouchesIt) {
    for (const BatonMemoryType type : kPrecedence) {
        if (type == BATON_MEMORY_USABLE)
            continue;
        EXPECT_EQ(normalised({typed(2 * kPage - 1, 2, type)}),
                  (MemoryMap{range(kPage, 2 * kPage, type)}))
            << type;
    }
}

TEST(Normalise, APageThatUsableAndReservedMemoryShareIsReserved) {
    EXPECT_EQ(
        normalised({typed(0, kPage + 100), typed(kPage + 100, kPage - 100, BATON_MEMORY_RESERVED)}),
        (MemoryMap{range(0, kPage), range(kPage, kPage, BATON_MEMORY_RESERVED)}));
}

TEST(Normalise, AnEmptyRangeMeansNothing) {
    EXPECT_EQ(normalised({typed(kPage, 0), typed(kPage + 7, 0, BATON_MEMORY_BAD)}), MemoryMap{});
}

TEST(Normalise, LeavesOutWhatLiesBeyondTwoToThe52) {
    EXPECT_EQ(normalised({typed(kEnd, kPage, BATON_MEMORY_RESERVED),
                          typed(~uint64_t{0} - 0xfff, kPage, BATON_MEMORY_BAD)}),
              MemoryMap{});
    EXPECT_EQ(normalised({typed(kEnd - kPage, 2 * kPage, BATON_MEMORY_RESERVED)}),
              (MemoryMap{range(kEnd - kPage, kPage, BATON_MEMORY_RESERVED)}));
}

TEST(Normalise, ARangeThatWrapsReachesTwoToThe52) {
    EXPECT_EQ(normalised({typed(kPage, ~uint64_t{0}, BATON_MEMORY_RESERVED)}),
              (MemoryMap{range(kPage, kEnd - kPage, BATON_MEMORY_RESERVED)}));
    EXPECT_EQ(normalised({typed(0, ~uint64_t{0})}), (MemoryMap{range(0, kEnd)}));
}

// Layers: what the firmware says, and what the loader has put there.
constexpr const char* kTables = "page tables";

TypedRange of_firmware(uint64_t base, uint64_t bytes, BatonMemoryType type, uint32_t firmware_type,
                       uint64_t attributes) {
    return {.range = {{base}, bytes},
            .type = type,
            .firmware_type = firmware_type,
            .attributes = attributes};
}
TypedRange of_loader(uint64_t base, uint64_t bytes, BatonMemoryType type, const char* origin) {
    return {.range = {{base}, bytes}, .type = type, .origin = origin};
}

TEST(NormaliseLayers, TheFirmwaresTypeStaysUnderARangeOfTheLoaders) {
    EXPECT_EQ(normalised({of_firmware(0, 3 * kPage, BATON_MEMORY_USABLE, 7, 0xf),
                          of_loader(kPage, kPage, BATON_MEMORY_LOADER_RECLAIMABLE, kTables)}),
              (MemoryMap{{{{0}, kPage}, BATON_MEMORY_USABLE, 7, 0xf, nullptr},
                         {{{kPage}, kPage}, BATON_MEMORY_LOADER_RECLAIMABLE, 7, 0xf, kTables},
                         {{{2 * kPage}, kPage}, BATON_MEMORY_USABLE, 7, 0xf, nullptr}}));
}

TEST(NormaliseLayers, ARangeThatTheFirmwareDoesNotKnowHasNoFirmwareType) {
    EXPECT_EQ(normalised({of_loader(kPage, kPage, BATON_MEMORY_FRAMEBUFFER, "framebuffer")}),
              (MemoryMap{{{{kPage}, kPage},
                          BATON_MEMORY_FRAMEBUFFER,
                          BATON_NO_FIRMWARE_TYPE,
                          0,
                          "framebuffer"}}));
}

TEST(NormaliseLayers, OfTheFirmwaresRangesTheMostCarefulOneTellsTypeAndAttributes) {
    const auto usable = of_firmware(0, kPage, BATON_MEMORY_USABLE, 7, 0xf);
    const auto reserved = of_firmware(0, kPage, BATON_MEMORY_RESERVED, 0, 0x1);
    const auto bad = of_loader(0, kPage, BATON_MEMORY_BAD, nullptr);
    const MemoryMap expected{{{{0}, kPage}, BATON_MEMORY_BAD, 0, 0x1, nullptr}};
    EXPECT_EQ(normalised({usable, reserved, bad}), expected);
    EXPECT_EQ(normalised({bad, reserved, usable}), expected);
}

TEST(NormaliseLayers, TheOriginIsThatOfTheRangeThatWins) {
    const auto stack = of_loader(0, kPage, BATON_MEMORY_LOADER_RECLAIMABLE, "stack");
    const auto kernel = of_loader(0, kPage, BATON_MEMORY_KERNEL_AND_MODULES, "kernel");
    const auto reserved = of_firmware(0, kPage, BATON_MEMORY_RESERVED, 0, 0);
    EXPECT_STREQ(normalised({stack, kernel}).at(0).origin, "kernel");
    EXPECT_STREQ(normalised({kernel, stack}).at(0).origin, "kernel");
    EXPECT_EQ(normalised({kernel, reserved}).at(0).origin, nullptr);
}

TEST(NormaliseLayers, OfOneTypeARangeWithAnOriginWins) {
    const auto plain = of_firmware(0, kPage, BATON_MEMORY_LOADER_RECLAIMABLE, 2, 0xf);
    const auto stack = of_loader(0, kPage, BATON_MEMORY_LOADER_RECLAIMABLE, "stack");
    const MemoryMap expected{{{{0}, kPage}, BATON_MEMORY_LOADER_RECLAIMABLE, 2, 0xf, "stack"}};
    EXPECT_EQ(normalised({plain, stack}), expected);
    EXPECT_EQ(normalised({stack, plain}), expected);
}

TEST(NormaliseLayers, NeighboursThatDifferInAnythingStayApart) {
    const auto base = of_firmware(0, kPage, BATON_MEMORY_USABLE, 7, 0xf);
    EXPECT_EQ(normalised({base, of_firmware(kPage, kPage, BATON_MEMORY_USABLE, 7, 0xf)}).size(),
              1u);
    EXPECT_EQ(normalised({base, of_firmware(kPage, kPage, BATON_MEMORY_USABLE, 4, 0xf)}).size(),
              2u);
    EXPECT_EQ(normalised({base, of_firmware(kPage, kPage, BATON_MEMORY_USABLE, 7, 0x8)}).size(),
              2u);
    EXPECT_EQ(normalised({of_loader(0, kPage, BATON_MEMORY_LOADER_RECLAIMABLE, "a"),
                          of_loader(kPage, kPage, BATON_MEMORY_LOADER_RECLAIMABLE, "b")})
                  .size(),
              2u);
}

TEST(NormaliseLayers, OriginsThatReadTheSameAreOne) {
    const char one[] = "page tables", two[] = "page tables";
    EXPECT_EQ(normalised({of_loader(0, kPage, BATON_MEMORY_LOADER_RECLAIMABLE, one),
                          of_loader(kPage, kPage, BATON_MEMORY_LOADER_RECLAIMABLE, two)}),
              (MemoryMap{{{{0}, 2 * kPage},
                          BATON_MEMORY_LOADER_RECLAIMABLE,
                          BATON_NO_FIRMWARE_TYPE,
                          0,
                          kTables}}));
}

/// Ranges of which each splits the one below it: a result as long as can be.
std::vector<TypedRange> nested(std::size_t count) {
    std::vector<TypedRange> ranges;
    ranges.reserve(count);
    for (uint64_t i = 0; i < count; ++i)
        ranges.push_back(typed(i * kPage, 2 * (count - i) * kPage, kPrecedence[i]));
    return ranges;
}

TEST(Normalise, TheMostRangesThatThereCanBeFit) {
    const auto ranges = nested(std::size(kPrecedence));
    const MemoryMap map = normalised(ranges);
    expect_well_formed(map);
    EXPECT_EQ(map.size(), 2 * ranges.size() - 1);
}

double seconds_to_normalise(std::size_t count) {
    Random random(1);
    std::vector<TypedRange> ranges;
    ranges.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
        ranges.push_back(
            typed(random.below(kEnd), random.below(kEnd / count), random.pick(kPrecedence)));
    const std::clock_t begin = std::clock(); // of the processor: other processes don't count
    expect_well_formed(normalised(ranges));
    return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

TEST(Normalise, AHundredThousandRangesTakeNoQuadraticTime) {
    // A quadratic sweep would take minutes.
    EXPECT_LT(seconds_to_normalise(100'000), 3.0);
}

} // namespace
} // namespace baton::test

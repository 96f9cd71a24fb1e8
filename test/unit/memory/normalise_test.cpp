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

TypedRange claim(uint64_t base, uint64_t bytes, BatonMemoryType type = BATON_MEMORY_USABLE) {
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
    EXPECT_EQ(normalised({claim(9 * kPage, kPage), claim(kPage, kPage), claim(5 * kPage, kPage)}),
              (MemoryMap{range(kPage, kPage), range(5 * kPage, kPage), range(9 * kPage, kPage)}));
}

TEST(Normalise, MergesNeighboursOfOneType) {
    EXPECT_EQ(normalised({claim(2 * kPage, kPage), claim(kPage, kPage)}),
              (MemoryMap{range(kPage, 2 * kPage)}));
}

TEST(Normalise, MergesWhatOverlapsAndIsOfOneType) {
    EXPECT_EQ(normalised({claim(kPage, 3 * kPage), claim(2 * kPage, 4 * kPage)}),
              (MemoryMap{range(kPage, 5 * kPage)}));
}

TEST(Normalise, MergesAcrossAClaimOfTheSameType) {
    EXPECT_EQ(normalised({claim(0, 9 * kPage), claim(2 * kPage, kPage), claim(0, 9 * kPage)}),
              (MemoryMap{range(0, 9 * kPage)}));
}

TEST(Normalise, KeepsAHoleBetweenTwoOfOneType) {
    EXPECT_EQ(normalised({claim(0, kPage), claim(2 * kPage, kPage)}),
              (MemoryMap{range(0, kPage), range(2 * kPage, kPage)}));
}

TEST(Normalise, SplitsWhereAMoreCarefulClaimLies) {
    EXPECT_EQ(normalised({claim(kPage, kPage, BATON_MEMORY_RESERVED), claim(0, 3 * kPage)}),
              (MemoryMap{range(0, kPage), range(kPage, kPage, BATON_MEMORY_RESERVED),
                         range(2 * kPage, kPage)}));
}

TEST(Normalise, TheMoreCarefulTypeWins) {
    for (std::size_t i = 0; i < std::size(kPrecedence); ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
            const auto weak = claim(kPage, kPage, kPrecedence[j]);
            const auto strong = claim(kPage, kPage, kPrecedence[i]);
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
    EXPECT_EQ(normalised({claim(kPage + 1, 3 * kPage - 2)}), (MemoryMap{range(2 * kPage, kPage)}));
    EXPECT_EQ(normalised({claim(kPage + 1, kPage)}), MemoryMap{});
    EXPECT_EQ(normalised({claim(kPage, kPage - 1)}), MemoryMap{});
}

TEST(Normalise, APartOfAPageBelongsToEachOtherTypeThatTouchesIt) {
    for (const BatonMemoryType type : kPrecedence) {
        if (type == BATON_MEMORY_USABLE)
            continue;
        EXPECT_EQ(normalised({claim(2 * kPage - 1, 2, type)}),
                  (MemoryMap{range(kPage, 2 * kPage, type)}))
            << type;
    }
}

TEST(Normalise, APageThatUsableAndReservedMemoryShareIsReserved) {
    EXPECT_EQ(
        normalised({claim(0, kPage + 100), claim(kPage + 100, kPage - 100, BATON_MEMORY_RESERVED)}),
        (MemoryMap{range(0, kPage), range(kPage, kPage, BATON_MEMORY_RESERVED)}));
}

TEST(Normalise, AnEmptyClaimMeansNothing) {
    EXPECT_EQ(normalised({claim(kPage, 0), claim(kPage + 7, 0, BATON_MEMORY_BAD)}), MemoryMap{});
}

TEST(Normalise, LeavesOutWhatLiesBeyondTwoToThe52) {
    EXPECT_EQ(normalised({claim(kEnd, kPage, BATON_MEMORY_RESERVED),
                          claim(~uint64_t{0} - 0xfff, kPage, BATON_MEMORY_BAD)}),
              MemoryMap{});
    EXPECT_EQ(normalised({claim(kEnd - kPage, 2 * kPage, BATON_MEMORY_RESERVED)}),
              (MemoryMap{range(kEnd - kPage, kPage, BATON_MEMORY_RESERVED)}));
}

TEST(Normalise, AClaimThatWrapsReachesTwoToThe52) {
    EXPECT_EQ(normalised({claim(kPage, ~uint64_t{0}, BATON_MEMORY_RESERVED)}),
              (MemoryMap{range(kPage, kEnd - kPage, BATON_MEMORY_RESERVED)}));
    EXPECT_EQ(normalised({claim(0, ~uint64_t{0})}), (MemoryMap{range(0, kEnd)}));
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

TEST(NormaliseLayers, TheFirmwaresTypeStaysUnderAClaimOfTheLoaders) {
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

TEST(NormaliseLayers, OfTheFirmwaresClaimsTheMostCarefulOneTellsTypeAndAttributes) {
    const auto usable = of_firmware(0, kPage, BATON_MEMORY_USABLE, 7, 0xf);
    const auto reserved = of_firmware(0, kPage, BATON_MEMORY_RESERVED, 0, 0x1);
    const auto bad = of_loader(0, kPage, BATON_MEMORY_BAD, nullptr);
    const MemoryMap expected{{{{0}, kPage}, BATON_MEMORY_BAD, 0, 0x1, nullptr}};
    EXPECT_EQ(normalised({usable, reserved, bad}), expected);
    EXPECT_EQ(normalised({bad, reserved, usable}), expected);
}

TEST(NormaliseLayers, TheOriginIsThatOfTheClaimThatWins) {
    const auto stack = of_loader(0, kPage, BATON_MEMORY_LOADER_RECLAIMABLE, "stack");
    const auto kernel = of_loader(0, kPage, BATON_MEMORY_KERNEL_AND_MODULES, "kernel");
    const auto reserved = of_firmware(0, kPage, BATON_MEMORY_RESERVED, 0, 0);
    EXPECT_STREQ(normalised({stack, kernel}).at(0).origin, "kernel");
    EXPECT_STREQ(normalised({kernel, stack}).at(0).origin, "kernel");
    EXPECT_EQ(normalised({kernel, reserved}).at(0).origin, nullptr);
}

TEST(NormaliseLayers, OfOneTypeAClaimWithAnOriginWins) {
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

/// Claims of which each splits the one below it: a result as long as can be.
std::vector<TypedRange> nested(std::size_t count) {
    std::vector<TypedRange> claims;
    claims.reserve(count);
    for (uint64_t i = 0; i < count; ++i)
        claims.push_back(claim(i * kPage, 2 * (count - i) * kPage, kPrecedence[i]));
    return claims;
}

TEST(Normalise, TheResultOfNestedClaimsFitsIntoItsRoom) {
    const auto claims = nested(std::size(kPrecedence));
    const MemoryMap map = normalised(claims);
    expect_well_formed(map);
    EXPECT_EQ(map.size(), 2 * claims.size() - 1);
    EXPECT_LE(map.size(), normalised_at_most(claims.size()));
}

double seconds_to_normalise(std::size_t count) {
    Random random(1);
    std::vector<TypedRange> claims;
    claims.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
        claims.push_back(
            claim(random.below(kEnd), random.below(kEnd / count), random.pick(kPrecedence)));
    const std::clock_t begin = std::clock(); // of the processor: other processes don't count
    expect_well_formed(normalised(claims));
    return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

TEST(Normalise, AHundredThousandClaimsTakeNoQuadraticTime) {
    // A quadratic sweep would take minutes.
    EXPECT_LT(seconds_to_normalise(100'000), 3.0);
}

} // namespace
} // namespace baton::test

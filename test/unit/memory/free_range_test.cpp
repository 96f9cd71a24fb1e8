// SPDX-License-Identifier: BSD-2-Clause
#include "memory/free_range.hpp"
#include "memory/memory_range.hpp"
#include "support/disjoint.hpp"
#include "support/random.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <vector>

namespace baton::test {
namespace {

constexpr uint64_t kPage = 4096;
constexpr PhysAddr kAnywhere{kPhysicalAddressEnd};

constexpr PhysRange pages(uint64_t first, uint64_t count) {
    return {{first * kPage}, count * kPage};
}

std::optional<PhysAddr> fit(PhysRange free, const FrameRequest& request, PhysAddr end = kAnywhere) {
    return highest_fit(free, end, request, {});
}

TEST(HighestFit, TakesTheVeryTopOfTheRange) {
    EXPECT_EQ(fit(pages(10, 5), {.pages = 2}), pages(13, 2).base);
    EXPECT_EQ(fit(pages(10, 5), {.pages = 5}), pages(10, 5).base);
}

TEST(HighestFit, FindsNothingForOnePageMoreThanThereIs) {
    EXPECT_FALSE(fit(pages(10, 5), {.pages = 6}));
    EXPECT_FALSE(fit(pages(10, 0), {.pages = 1}));
}

TEST(HighestFit, ASizeThatOverflowsDoesNotFit) {
    EXPECT_FALSE(fit(pages(10, 5), {.pages = uint64_t{1} << 52}));
    EXPECT_FALSE(fit(pages(10, 5), {.pages = ~uint64_t{0}}));
}

TEST(HighestFit, KeepsAlignment) {
    EXPECT_EQ(fit(pages(10, 9), {.pages = 2, .alignment = 8 * kPage}), pages(16, 2).base);
    EXPECT_FALSE(fit(pages(10, 5), {.pages = 2, .alignment = 8 * kPage}));
}

TEST(HighestFit, KeepsTheOffsetBeyondAlignment) {
    const FrameRequest request{.pages = 2, .alignment = 8 * kPage, .offset = 3 * kPage};
    EXPECT_EQ(fit(pages(0, 32), request), pages(27, 2).base);
    EXPECT_EQ(fit(pages(3, 2), request), pages(3, 2).base);
    EXPECT_FALSE(fit(pages(0, 3), request));
    EXPECT_FALSE(fit(pages(4, 7), request));
}

TEST(HighestFit, StaysBelowTheEnd) {
    EXPECT_EQ(fit(pages(10, 5), {.pages = 2}, pages(14, 0).base), pages(12, 2).base);
    EXPECT_EQ(fit(pages(10, 5), {.pages = 2}, pages(12, 0).base), pages(10, 2).base);
    EXPECT_FALSE(fit(pages(10, 5), {.pages = 2}, pages(11, 0).base));
    EXPECT_FALSE(fit(pages(10, 5), {.pages = 2}, {0}));
}

TEST(HighestFit, StaysBelowWhatTheRequestSays) {
    EXPECT_EQ(fit(pages(10, 5), {.pages = 2, .below = pages(14, 0).base}), pages(12, 2).base);
    EXPECT_EQ(fit(pages(10, 5), {.pages = 2, .below = {14 * kPage - 1}}), pages(11, 2).base);
    EXPECT_EQ(fit(pages(10, 5), {.pages = 2, .below = pages(12, 0).base}), pages(10, 2).base);
    EXPECT_FALSE(fit(pages(10, 5), {.pages = 2, .below = pages(11, 0).base}));
    EXPECT_FALSE(fit(pages(10, 5), {.pages = 2, .below = {0}}));
}

TEST(HighestFit, TheLowerOfBothEndsCounts) {
    const FrameRequest request{.pages = 2, .below = pages(13, 0).base};
    EXPECT_EQ(fit(pages(10, 5), request, pages(14, 0).base), pages(11, 2).base);
    EXPECT_EQ(fit(pages(10, 5), request, pages(12, 0).base), pages(10, 2).base);
}

TEST(HighestFit, AnEndWithinAPageCutsThePageOff) {
    EXPECT_EQ(fit(pages(10, 5), {.pages = 1}, {14 * kPage + 1}), pages(13, 1).base);
}

TEST(HighestFit, AvoidsWhatTheRequestSays) {
    const PhysRange avoid[] = {pages(13, 1)};
    EXPECT_EQ(fit(pages(10, 5), {.pages = 2, .avoid = avoid}), pages(11, 2).base);
    EXPECT_FALSE(fit(pages(10, 5), {.pages = 4, .avoid = avoid}));
}

TEST(HighestFit, AvoidsWhatTheCallerAdds) {
    const PhysRange avoid[] = {pages(14, 1)};
    const PhysRange also[] = {pages(12, 1)};
    EXPECT_EQ(highest_fit(pages(10, 5), kAnywhere, {.pages = 2, .avoid = avoid}, also),
              pages(10, 2).base);
}

TEST(HighestFit, AvoidsTheWholePageOfASingleByte) {
    const PhysRange avoid[] = {{{14 * kPage + 100}, 1}};
    EXPECT_EQ(fit(pages(10, 5), {.pages = 1, .avoid = avoid}), pages(13, 1).base);
}

TEST(HighestFit, ReachesTheLowestAndTheHighestPageOfMemory) {
    EXPECT_EQ(fit(pages(0, 1), {.pages = 1}), PhysAddr{0});
    const PhysRange top{{kPhysicalAddressEnd - kPage}, kPage};
    EXPECT_EQ(fit(top, {.pages = 1}), top.base);
}

/// Tries each page from the top down.
std::optional<PhysAddr> oracle(PhysRange free, PhysAddr end, const FrameRequest& request,
                               const std::vector<PhysRange>& also_avoid) {
    for (uint64_t page = 64; page-- > 0;) {
        const PhysRange block = pages(page, request.pages);
        const auto hit = [&](const PhysRange& range) { return block.overlaps(range); };
        const bool within = block.base >= free.base && block.end() <= free.end() &&
                            block.end() <= end && block.end() <= request.below;
        if (within && block.base.value % request.alignment == request.offset &&
            std::ranges::none_of(request.avoid, hit) && std::ranges::none_of(also_avoid, hit))
            return block.base;
    }
    return {};
}

std::vector<PhysRange> some_obstacles(Random& random) {
    std::vector<PhysRange> ranges(random.below(4));
    for (PhysRange& range : ranges)
        range = random.one_in(3) ? PhysRange{{random.below(64 * kPage)}, random.below(3 * kPage)}
                                 : pages(random.below(60), random.below(6));
    return ranges;
}

TEST(HighestFitProperty, FindsWhatTryingEachPageFinds) {
    Random random(7);
    int found = 0;
    for (int i = 0; i < 20'000; ++i) {
        const PhysRange free = pages(random.below(20), random.below(40));
        const uint64_t alignment = kPage << random.below(5);
        const auto avoid = disjoint(some_obstacles(random));
        const auto also_avoid = some_obstacles(random);
        const FrameRequest request{.pages = 1 + random.below(8),
                                   .alignment = alignment,
                                   .offset = random.below(alignment / kPage) * kPage,
                                   .avoid = avoid,
                                   .below = random.one_in(2) ? FrameRequest{}.below
                                                             : PhysAddr{random.below(64 * kPage)}};
        const PhysAddr end = random.one_in(2) ? kAnywhere : PhysAddr{random.below(64 * kPage)};
        const auto expected = oracle(free, end, request, also_avoid);
        ASSERT_EQ(highest_fit(free, end, request, also_avoid), expected) << "case " << i;
        found += expected ? 1 : 0;
    }
    EXPECT_GT(found, 5000); // both outcomes are common
    EXPECT_LT(found, 19'000);
}

} // namespace
} // namespace baton::test

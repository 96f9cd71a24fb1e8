// SPDX-License-Identifier: BSD-2-Clause
#include "memory/range_set.hpp"

#include "support/printers.hpp"
#include "support/random.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace baton::test {
namespace {

constexpr PhysRange pages(uint64_t first, uint64_t count) {
    return {{first * kPageBytes}, count * kPageBytes};
}

std::vector<PhysRange> set_of(std::initializer_list<PhysRange> ranges) {
    RangeSet set;
    for (const PhysRange& range : ranges)
        set.add(range);
    return {set.ranges().begin(), set.ranges().end()};
}

using Ranges = std::vector<PhysRange>;

TEST(RangeSet, KeepsRangesInOrder) {
    EXPECT_EQ(set_of({pages(5, 1), pages(1, 2), pages(9, 1)}),
              (Ranges{pages(1, 2), pages(5, 1), pages(9, 1)}));
}

TEST(RangeSet, MakesOneOfThoseThatTouch) {
    EXPECT_EQ(set_of({pages(5, 1), pages(3, 2), pages(6, 1)}), Ranges{pages(3, 4)});
    EXPECT_EQ(set_of({pages(1, 1), pages(3, 1), pages(5, 1), pages(2, 3)}), Ranges{pages(1, 5)});
    EXPECT_EQ(set_of({pages(1, 9), pages(3, 1)}), Ranges{pages(1, 9)});
}

TEST(RangeSet, LeavesOutWhatIsEmpty) {
    EXPECT_EQ(set_of({pages(5, 0)}), Ranges{});
}

TEST(RangeSet, GrowsOverTheSmallestGapWhereItIsFull) {
    RangeSet set;
    for (uint64_t i = 0; i < RangeSet::kCapacity; ++i)
        set.add(pages(100 * i, i == 7 ? 90 : 1));
    ASSERT_EQ(set.ranges().size(), RangeSet::kCapacity);
    set.add(pages(100'000, 1));
    ASSERT_EQ(set.ranges().size(), RangeSet::kCapacity);
    EXPECT_EQ(set.ranges()[7], pages(700, 101));
    EXPECT_EQ(set.ranges().back(), pages(100'000, 1));
}

TEST(RangeSetProperty, NeverLosesAnything) {
    Random random(11);
    RangeSet set;
    std::vector<PhysRange> added;
    for (int i = 0; i < 2'000; ++i) {
        const PhysRange range = pages(random.below(1'000'000), 1 + random.below(20));
        added.push_back(range);
        set.add(range);
        ASSERT_LE(set.ranges().size(), RangeSet::kCapacity);
    }
    for (const PhysRange& range : added)
        EXPECT_TRUE(std::ranges::any_of(set.ranges(), [&](const PhysRange& known) {
            return known.base <= range.base && range.end() <= known.end();
        }));
    for (std::size_t i = 1; i < set.ranges().size(); ++i)
        EXPECT_GT(set.ranges()[i].base, set.ranges()[i - 1].end());
}

} // namespace
} // namespace baton::test

// SPDX-License-Identifier: BSD-2-Clause
#include "core/calendar.hpp"

#include <gtest/gtest.h>

namespace baton::test {
namespace {

TEST(Calendar, CountsDaysFrom1970) {
    EXPECT_EQ(days_since_1970(1970, 1, 1), 0);
    EXPECT_EQ(days_since_1970(1970, 12, 31), 364);
    EXPECT_EQ(days_since_1970(1972, 2, 29), 789);
    EXPECT_EQ(days_since_1970(1972, 3, 1), 790);
    EXPECT_EQ(days_since_1970(2000, 2, 29), 11'016);
    EXPECT_EQ(days_since_1970(2024, 1, 1), 19'723);
    EXPECT_EQ(days_since_1970(2100, 3, 1), 47'541); // 2100 has no leap day
}

} // namespace
} // namespace baton::test

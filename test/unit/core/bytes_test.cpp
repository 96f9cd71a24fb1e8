// SPDX-License-Identifier: BSD-2-Clause
#include "core/bytes.hpp"
#include "support/bytes.hpp"

#include <cstdint>
#include <gtest/gtest.h>

namespace baton::test {
namespace {

constexpr uint64_t kLast = ~uint64_t{0};

TEST(Fits, UpToTheLastByteAndNotBeyond) {
    EXPECT_TRUE(fits(0, 10, 10));
    EXPECT_TRUE(fits(9, 1, 10));
    EXPECT_FALSE(fits(9, 2, 10));
    EXPECT_FALSE(fits(0, 11, 10));
}

TEST(Fits, NothingFitsAtTheEndAndNotBehindIt) {
    EXPECT_TRUE(fits(10, 0, 10));
    EXPECT_FALSE(fits(11, 0, 10));
    EXPECT_TRUE(fits(0, 0, 0));
}

TEST(Fits, DoesNotOverflow) {
    EXPECT_FALSE(fits(1, kLast, 10));
    EXPECT_FALSE(fits(kLast, 1, 10));
    EXPECT_FALSE(fits(kLast, kLast, kLast));
    EXPECT_TRUE(fits(1, kLast - 1, kLast));
    EXPECT_TRUE(fits(kLast, 0, kLast));
}

TEST(ReadAt, CopiesWhateverTheAlignment) {
    Buffer bytes;
    append(bytes, uint64_t{0x1122'3344'5566'7788});
    for (std::size_t shift = 0; shift < 8; ++shift) {
        const ShiftedBytes shifted(bytes, shift);
        EXPECT_EQ(read_at<uint64_t>(shifted.view(), 0), 0x1122'3344'5566'7788u);
        EXPECT_EQ(read_at<uint16_t>(shifted.view(), 3), 0x4455u);
        EXPECT_EQ(read_at<uint8_t>(shifted.view(), 7), 0x11u);
    }
}

} // namespace
} // namespace baton::test

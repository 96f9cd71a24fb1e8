// SPDX-License-Identifier: BSD-2-Clause
#include "paging/entry.hpp"

#include <cstdint>
#include <gtest/gtest.h>

namespace baton::test {
namespace {

TEST(PageTableEntry, BitsAreTheProcessors) { // Intel SDM 3A tables 4-15 to 4-20
    EXPECT_EQ(paging::kPresent, 0x1u);
    EXPECT_EQ(paging::kWritable, 0x2u);
    EXPECT_EQ(paging::kWriteThrough, 0x8u);
    EXPECT_EQ(paging::kPageSize, 0x80u);
    EXPECT_EQ(paging::kPatSmall, 0x80u);
    EXPECT_EQ(paging::kPatLarge, 0x1000u);
    EXPECT_EQ(paging::kNoExecute, 0x8000'0000'0000'0000u);
    EXPECT_EQ(paging::kAddressMask, 0x000f'ffff'ffff'f000u);
    EXPECT_EQ(paging::kLargeAddressMask & paging::kPatLarge, 0u);
}

TEST(PageTableEntry, EachLevelCovers512EntriesOfTheOneBelow) {
    EXPECT_EQ(paging::entry_bytes(1), uint64_t{4} << 10);
    EXPECT_EQ(paging::entry_bytes(2), uint64_t{2} << 20);
    EXPECT_EQ(paging::entry_bytes(3), uint64_t{1} << 30);
    EXPECT_EQ(paging::entry_bytes(4), uint64_t{512} << 30);
    EXPECT_EQ(paging::entry_bytes(5), uint64_t{256} << 40);
}

TEST(PageTableEntry, IndicesAreNineBitsOfTheAddressEach) {
    constexpr uint64_t kAddress = uint64_t{0xffff} << 48 | uint64_t{257} << 39 | uint64_t{3} << 30 |
                                  uint64_t{510} << 21 | uint64_t{7} << 12 | 0xabc;
    EXPECT_EQ(paging::entry_index(kAddress, 4), 257u);
    EXPECT_EQ(paging::entry_index(kAddress, 3), 3u);
    EXPECT_EQ(paging::entry_index(kAddress, 2), 510u);
    EXPECT_EQ(paging::entry_index(kAddress, 1), 7u);
}

TEST(PageTableEntry, TheFifthLevelTranslatesBits56To48) {
    EXPECT_EQ(paging::entry_index(uint64_t{0x1ff} << 48, 5), 511u);
    EXPECT_EQ(paging::entry_index(0xff00'0000'0000'0000, 5), 256u);
    EXPECT_EQ(paging::entry_index(uint64_t{0xffff} << 32, 5), 0u);
}

TEST(Pat, IsThatOfPowerOnButForEntryFiveWhichIsWriteCombining) {
    constexpr uint64_t kPowerOn[] = {6, 4, 7, 0, 6, 4, 7, 0}; // Intel SDM 3A table 11-12
    for (unsigned i = 0; i < 8; ++i) {
        const uint64_t type = paging::kPat >> (8 * i) & 0xff;
        EXPECT_EQ(type, i == 5 ? 1u : kPowerOn[i]) << "entry " << i;
    }
    EXPECT_EQ(paging::kWriteCombiningPatIndex, 5u);
}

} // namespace
} // namespace baton::test

// SPDX-License-Identifier: BSD-2-Clause
//
// The walker against tables written by hand, bit by bit from the Intel SDM 3A section 4.5.
#include "support/page_walker.hpp"

#include <gtest/gtest.h>
#include <map>

namespace baton::test {
namespace {

constexpr uint64_t kPowerOnPat = 0x0007'0406'0007'0406; // SDM 3A table 11-12
constexpr uint64_t kCr3 = 0x1000;
constexpr uint64_t kTable = 0x7; // present, writable, user
constexpr uint64_t kPage = 0x7;
constexpr uint64_t kLarge = 0x87;

/// Memory in which all but a few entries are zero.
class HandMadeTables : public testing::Test {
  protected:
    void set(uint64_t table, uint64_t index, uint64_t value) { memory_[table + 8 * index] = value; }

    PageWalker walker(unsigned levels = 4) const {
        return {[this](uint64_t physical) {
                    const auto entry = memory_.find(physical);
                    return entry == memory_.end() ? 0 : entry->second;
                },
                kCr3, kPowerOnPat, levels};
    }
    Translation translated(uint64_t address) const {
        return walker().translate(address).value_or(Translation{});
    }

  private:
    std::map<uint64_t, uint64_t> memory_;
};

using PageWalkerTest = HandMadeTables;

TEST_F(PageWalkerTest, TranslatesEachPageSize) {
    set(0x1000, 1, 0x2000 | kTable);
    set(0x2000, 2, 0x3000 | kTable);
    set(0x3000, 3, 0x4000 | kTable);
    set(0x4000, 4, 0x000f'ffff'ffff'f000 | kPage);
    set(0x3000, 5, 0x000f'ffff'ffe0'0000 | kLarge);
    set(0x2000, 6, 0x000f'ffff'c000'0000 | kLarge);
    EXPECT_EQ(translated(0x80'8060'4567).physical, 0x000f'ffff'ffff'f567u);
    EXPECT_EQ(translated(0x80'8060'4567).page_bytes, uint64_t{1} << 12);
    EXPECT_EQ(translated(0x80'80ab'cdef).physical, 0x000f'ffff'ffeb'cdefu);
    EXPECT_EQ(translated(0x80'80ab'cdef).page_bytes, uint64_t{1} << 21);
    EXPECT_EQ(translated(0x81'89ab'cdef).physical, 0x000f'ffff'c9ab'cdefu);
    EXPECT_EQ(translated(0x81'89ab'cdef).page_bytes, uint64_t{1} << 30);
}

TEST_F(PageWalkerTest, TranslatesTheUpperHalf) {
    set(0x1000, 511, 0x2000 | kTable);
    set(0x2000, 511, 0x4000'0000 | kLarge);
    EXPECT_EQ(translated(0xffff'ffff'ffff'ffff).physical, 0x7fff'ffffu);
    EXPECT_EQ(walker().leaves().at(0).virtual_base, 0xffff'ffff'c000'0000);
}

TEST_F(PageWalkerTest, APermissionIsThatOfEveryEntryOnTheWay) {
    set(0x1000, 0, 0x2000 | kTable);
    set(0x2000, 0, 0x4000'0000 | kLarge);
    EXPECT_EQ(translated(0).kind, (PageKind{true, true, true, MemoryType::write_back}));
    set(0x1000, 0, 0x2000 | 0x5);
    EXPECT_EQ(translated(0).kind, (PageKind{false, true, true, MemoryType::write_back}));
    set(0x1000, 0, 0x2000 | 0x3);
    EXPECT_EQ(translated(0).kind, (PageKind{true, true, false, MemoryType::write_back}));
    set(0x1000, 0, 0x8000'0000'0000'2000 | kTable);
    EXPECT_EQ(translated(0).kind, (PageKind{true, false, true, MemoryType::write_back}));
}

TEST_F(PageWalkerTest, ReadsThePatIndexFromPatPcdAndPwt) {
    set(0x1000, 0, 0x2000 | kTable);
    set(0x2000, 0, kLarge | 0x8);
    EXPECT_EQ(translated(0).kind.memory_type, MemoryType::write_through);
    set(0x2000, 0, kLarge | 0x10);
    EXPECT_EQ(translated(0).kind.memory_type, MemoryType::uncached);
    set(0x2000, 0, kLarge | 0x1018);
    EXPECT_EQ(translated(0).kind.memory_type, MemoryType::uncacheable);
    set(0x2000, 0, 0x3000 | kTable);
    set(0x3000, 0, 0x4000 | kTable);
    set(0x4000, 0, kPage | 0x88); // PAT is bit 7 in a 4 KiB page: index 5
    EXPECT_EQ(translated(0).kind.memory_type, MemoryType::write_through);
}

TEST_F(PageWalkerTest, FaultsAsTheProcessorDoes) {
    set(0x1000, 0, 0x2000 | kTable);
    set(0x1000, 1, 0x2000 | kTable | 0x80);
    set(0x2000, 1, 0x4000'2000 | kLarge);
    EXPECT_EQ(walker().translate(0x0000'8000'0000'0000).error(), WalkFault::not_canonical);
    EXPECT_EQ(walker().translate(0xffff'7fff'ffff'ffff).error(), WalkFault::not_canonical);
    EXPECT_EQ(walker().translate(0).error(), WalkFault::not_present);
    EXPECT_EQ(walker().translate(0x4000'0000).error(), WalkFault::reserved_bit);
    EXPECT_EQ(walker().translate(0x80'0000'0000).error(), WalkFault::reserved_bit);
}

TEST_F(PageWalkerTest, With5LevelsTheRootTranslatesBits56To48) {
    set(0x1000, 0x123, 0x2000 | kTable);
    set(0x2000, 1, 0x3000 | kTable);
    set(0x3000, 2, 0x4000'0000 | kLarge);
    const auto walker5 = walker(5);
    EXPECT_EQ(walker5.translate(0xff23'0080'8000'1234)->physical, 0x4000'1234u);
    EXPECT_EQ(walker5.leaves().at(0).virtual_base, 0xff23'0080'8000'0000u);
    EXPECT_EQ(walker5.translate(0x0123'0080'8000'1234).error(), WalkFault::not_canonical);
    EXPECT_EQ(walker().translate(0xff23'0080'8000'1234).error(), WalkFault::not_canonical);
    set(0x1000, 0, 0x2000 | kTable | 0x80);
    EXPECT_EQ(walker(5).translate(0).error(), WalkFault::reserved_bit);
}

TEST_F(PageWalkerTest, RunsJoinWhatContinuesInBothSpacesAsOneKind) {
    set(0x1000, 0, 0x2000 | kTable);
    set(0x2000, 0, 0x4000'0000 | kLarge);
    set(0x2000, 1, 0x8000'0000 | kLarge);
    set(0x2000, 2, 0x1'4000'0000 | kLarge);                         // elsewhere
    set(0x2000, 3, 0x8000'0000'0000'0000 | 0x1'8000'0000 | kLarge); // another kind
    set(0x2000, 5, 0x8000'0000'0000'0000 | 0x2'0000'0000 | kLarge); // after a gap
    const auto runs = walker().runs();
    ASSERT_EQ(runs.size(), 4u);
    EXPECT_EQ(runs[0].bytes, uint64_t{2} << 30);
    EXPECT_EQ(runs[1].physical_base, 0x1'4000'0000u);
    EXPECT_EQ(runs[2].virtual_base, 0xc000'0000u);
    EXPECT_EQ(runs[3].virtual_base, 0x1'4000'0000u);
}

} // namespace
} // namespace baton::test

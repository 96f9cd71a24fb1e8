// SPDX-License-Identifier: BSD-2-Clause
#include "memory/map_frames.hpp"

#include "memory/block.hpp"
#include "memory/e820.hpp"
#include "support/bytes.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <functional>
#include <vector>

namespace baton::test {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kGiB = uint64_t{1} << 30;

class MapFramesTest : public testing::Test {
  protected:
    std::vector<TypedRange> map_ = {e820_typed_range(0, 0x9'fc00, 1),
                                    e820_typed_range(kMiB, 63 * kMiB, 1)};
    std::vector<PhysRange> occupied_;
    std::size_t room_ = 8;

    /// Frames of the map as it is now.
    MapFrames& frames() {
        free_.resize(FreeMemory::entries_for(map_.size() + occupied_.size(), room_));
        blocks_.resize(room_);
        return frames_.emplace(
            MapFrames::Given{.map = map_, .occupied = occupied_, .list = free_, .blocks = blocks_});
    }

  private:
    std::vector<PhysRange> free_;
    std::vector<FrameBlock> blocks_;
    std::optional<MapFrames> frames_;
};

TEST_F(MapFramesTest, GivesTheTopFirst) {
    MapFrames& source = frames();
    EXPECT_EQ(source.allocate({.pages = 2}), PhysAddr{64 * kMiB - 0x2000});
    EXPECT_EQ(source.allocate({.pages = 1}), PhysAddr{64 * kMiB - 0x3000});
}

TEST_F(MapFramesTest, PrefersMemoryBelow4GiB) {
    map_.push_back(e820_typed_range(4 * kGiB, kGiB, 1));
    MapFrames& source = frames();
    EXPECT_EQ(source.allocate({.pages = 1}), PhysAddr{64 * kMiB - 0x1000});
    EXPECT_EQ(source.allocate({.pages = 64 * kMiB / kPageBytes}), PhysAddr{5 * kGiB - 64 * kMiB});
}

TEST_F(MapFramesTest, GivesARangeAcross4GiBFromBelow) {
    map_.push_back(e820_typed_range(3 * kGiB, 2 * kGiB, 1));
    EXPECT_EQ(frames().allocate({.pages = 1}), PhysAddr{4 * kGiB - 0x1000});
}

TEST_F(MapFramesTest, ABlockThatAsksForLowMemoryGetsIt) {
    MapFrames& source = frames();
    const auto low = [&](uint64_t bytes, uint64_t from) {
        return allocate_block(source, bytes, {.low_from = PhysAddr{from}})->base.value;
    };
    EXPECT_EQ(low(0x1000, 0x1'0000), 0x1'0000u);
    EXPECT_EQ(low(0x1000, 0x1'0000), 0x2'0000u);
    EXPECT_EQ(low(0x10'0000, 0x1'0000), kMiB); // too large for what is below
    EXPECT_EQ(low(0x2'0000, kMiB), 2 * kMiB);
    EXPECT_EQ(low(0x1000, 64 * kMiB), 64 * kMiB - 0x1000); // there is none
}

TEST_F(MapFramesTest, KeepsClearOfTheFirstMiB) {
    map_ = {e820_typed_range(0, 2 * kMiB, 1)};
    MapFrames& source = frames();
    EXPECT_EQ(source.allocate({.pages = kMiB / kPageBytes}), PhysAddr{kMiB});
    EXPECT_TRUE(failed_with(source.allocate({.pages = 1}), ErrorCode::out_of_memory));
}

TEST_F(MapFramesTest, GivesMemoryOfTheFirstMiBIfItMustBeThere) {
    constexpr FrameRequest kLow{.pages = 1, .below = {0xa'0000}};
    map_ = {e820_typed_range(0, 0x9'fc00, 1), e820_typed_range(kMiB, 0x1000, 1)};
    MapFrames& source = frames();
    EXPECT_EQ(source.allocate({.pages = 1}), PhysAddr{kMiB});
    EXPECT_TRUE(failed_with(source.allocate({.pages = 1}), ErrorCode::out_of_memory));
    EXPECT_EQ(source.allocate(kLow), PhysAddr{0x9'e000}) << "although there is none higher up";
    EXPECT_EQ(source.allocate(kLow), PhysAddr{0x9'd000});
}

TEST_F(MapFramesTest, GivesNoPageZero) {
    map_ = {e820_typed_range(0, 0x2000, 1)};
    MapFrames& source = frames();
    EXPECT_EQ(source.allocate({.pages = 1, .below = {0xa'0000}}), PhysAddr{0x1000});
    EXPECT_TRUE(
        failed_with(source.allocate({.pages = 1, .below = {0xa'0000}}), ErrorCode::out_of_memory));
}

TEST_F(MapFramesTest, KeepsClearOfWhatIsOccupied) {
    occupied_ = {{{63 * kMiB}, kMiB}, {{62 * kMiB + 1}, 1}};
    EXPECT_EQ(frames().allocate({.pages = 1}), PhysAddr{63 * kMiB - 0x1000});
    EXPECT_EQ(frames().allocate({.pages = kMiB / kPageBytes}), PhysAddr{61 * kMiB});
}

TEST_F(MapFramesTest, BelievesTheMoreCarefulOfTwoRanges) {
    map_.push_back(e820_typed_range(60 * kMiB, 4 * kMiB, 2));
    EXPECT_EQ(frames().allocate({.pages = 1}), PhysAddr{60 * kMiB - 0x1000});
}

TEST_F(MapFramesTest, GivesWholePagesOnly) {
    map_ = {e820_typed_range(2 * kMiB + 1, 0x2ffe, 1)};
    MapFrames& source = frames();
    EXPECT_EQ(source.allocate({.pages = 1}), PhysAddr{2 * kMiB + 0x1000});
    EXPECT_TRUE(failed_with(source.allocate({.pages = 1}), ErrorCode::out_of_memory));
}

TEST_F(MapFramesTest, GivesWhatTheRequestSays) {
    const PhysRange avoid[] = {{{48 * kMiB}, 16 * kMiB}};
    MapFrames& source = frames();
    EXPECT_EQ(source.allocate({.pages = 3, .alignment = 2 * kMiB, .avoid = avoid}),
              PhysAddr{46 * kMiB});
    EXPECT_EQ(source.allocate({.pages = 1, .below = {2 * kMiB}}), PhysAddr{2 * kMiB - 0x1000});
    EXPECT_EQ(source.allocate({.pages = 1, .alignment = kMiB, .offset = 0x3000}),
              PhysAddr{63 * kMiB + 0x3000});
}

TEST_F(MapFramesTest, NeverGivesAFrameTwice) {
    room_ = 400;
    MapFrames& source = frames();
    std::vector<PhysRange> given;
    for (uint64_t i = 0; i < 300; ++i) {
        const uint64_t pages = 1 + i % 7;
        const auto base = source.allocate({.pages = pages,
                                           .alignment = kPageBytes << i % 3,
                                           .name = i % 2 != 0 ? "odd" : "even"});
        ASSERT_EQ(outcome(base), "good");
        const PhysRange block{*base, pages * kPageBytes};
        for (const PhysRange& other : given)
            ASSERT_FALSE(block.overlaps(other)) << i;
        given.push_back(block);
    }
    // What it remembers is what it gave.
    uint64_t bytes_given = 0, bytes_remembered = 0;
    for (const PhysRange& block : given)
        bytes_given += block.bytes;
    for (const FrameBlock& block : source.blocks())
        bytes_remembered += block.range.bytes;
    EXPECT_EQ(bytes_given, bytes_remembered);
}

TEST_F(MapFramesTest, JoinsBlocksThatTouchAndHaveOneUse) {
    MapFrames& source = frames();
    for (const MemoryUse use : {MemoryUse::page_tables, MemoryUse::page_tables,
                                MemoryUse::kernel_stack, MemoryUse::page_tables})
        ASSERT_EQ(outcome(source.allocate({.pages = 1, .use = use})), "good");
    const auto blocks = source.blocks();
    ASSERT_EQ(blocks.size(), 3u);
    EXPECT_EQ(blocks[0].range, (PhysRange{{64 * kMiB - 0x2000}, 0x2000}));
    EXPECT_STREQ(blocks[0].label, "page tables");
    EXPECT_EQ(blocks[1].range, (PhysRange{{64 * kMiB - 0x3000}, 0x1000}));
    EXPECT_EQ(blocks[2].use, MemoryUse::page_tables);
}

TEST_F(MapFramesTest, FailsWhereItCannotRememberABlock) {
    room_ = 2;
    MapFrames& source = frames();
    EXPECT_EQ(outcome(source.allocate({.name = "a"})), "good");
    EXPECT_EQ(outcome(source.allocate({.name = "b"})), "good");
    const auto third = source.allocate({.name = "c"});
    ASSERT_TRUE(failed_with(third, ErrorCode::out_of_memory));
    EXPECT_STREQ(third.error().subject().data(), "c");
    EXPECT_EQ(source.blocks().size(), 2u);
}

/// Takes minutes where each block is looked for in all of the map and among all blocks.
TEST_F(MapFramesTest, HandsOutManyBlocksOfALongMap) {
    constexpr uint64_t kRanges = 40'000;
    map_.clear();
    for (uint64_t i = 0; i < kRanges; ++i) { // two pages free, two not, in two ranges that overlap
        map_.push_back(e820_typed_range(kMiB + i * 0x4000, 0x4000, 1));
        map_.push_back(e820_typed_range(kMiB + i * 0x4000 + 0x2000, 0x2000, 2));
    }
    room_ = 3 * kRanges;
    MapFrames& source = frames();
    std::vector<uint64_t> bases;
    for (uint64_t i = 0; i < kRanges; ++i) {
        ASSERT_TRUE(failed_with(source.allocate({.pages = 4}), ErrorCode::out_of_memory));
        const auto base = source.allocate({.name = i % 2 != 0 ? "odd" : "even"});
        ASSERT_EQ(outcome(base), "good");
        bases.push_back(base->value);
    }
    EXPECT_EQ(bases.front(), kMiB + (kRanges - 1) * 0x4000 + 0x1000);
    EXPECT_EQ(bases[1], kMiB + (kRanges - 1) * 0x4000);
    EXPECT_TRUE(std::ranges::is_sorted(bases, std::greater<>()));
}

TEST_F(MapFramesTest, ReachesMemoryAtItsOffset) {
    Buffer memory(2 * kPageBytes);
    const auto pointer = reinterpret_cast<uint64_t>(memory.data());
    std::vector<PhysRange> taken(8);
    MapFrames source({.map = map_,
                      .occupied = {},
                      .list = taken,
                      .blocks = {},
                      .access_offset = pointer - 0x5000});
    EXPECT_EQ(source.access({0x5001}), memory.data() + 1);
}

} // namespace
} // namespace baton::test

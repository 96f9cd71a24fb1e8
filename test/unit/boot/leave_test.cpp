// SPDX-License-Identifier: BSD-2-Clause
//
// The way out of the firmware: its map is read before each try, and a try can't be taken back.
#include "boot/leave.hpp"

#include "boot/fake_platform.hpp"
#include "support/errors.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace baton::test {
namespace {

/// Keeps the last map.
class MapKeeper final : public KernelRecord {
  public:
    VirtAddr address() const override { return {}; }
    void set_memory_map(std::span<const TypedRange> ranges) override {
        map.assign(ranges.begin(), ranges.end());
    }
    void complete(const LastFacts& /*facts*/) override {}

    std::vector<TypedRange> map;
};

class LeaveTest : public testing::Test {
  protected:
    FakePlatform platform_;
    MapKeeper record_;
    std::vector<TypedRange> buffer_ = std::vector<TypedRange>(4);

    Result<void> leave(std::span<const TypedRange> also_there = {}) {
        return leave_firmware(platform_, record_, also_there, buffer_);
    }
};

TEST_F(LeaveTest, TheRecordHasTheMapAndWhatElseIsThere) {
    const TypedRange framebuffer{.range = {{0xc000'0000}, 0x1000},
                                 .type = BATON_MEMORY_FRAMEBUFFER};
    ASSERT_EQ(outcome(leave({&framebuffer, 1})), "good");
    ASSERT_EQ(record_.map.size(), 2u);
    EXPECT_EQ(record_.map[0].range, FakePlatform::kMemory);
    EXPECT_EQ(record_.map[1].range, (PhysRange{{0xc000'0000}, 0x1000}));
    EXPECT_EQ(record_.map[1].type, BATON_MEMORY_FRAMEBUFFER);
    EXPECT_EQ(platform_.said, (std::vector<std::string>{"map", "exit"}));
}

TEST_F(LeaveTest, AMapThatHasChangedIsReadAgain) {
    platform_.found_late = {.range = {{0x8000'0000}, 0x5000}, .type = BATON_MEMORY_BAD};
    ASSERT_EQ(outcome(leave()), "good");
    EXPECT_EQ(record_.map.back().range.base, PhysAddr{0x8000'0000});
    EXPECT_EQ(platform_.said, (std::vector<std::string>{"map", "exit", "map", "exit"}));
}

TEST_F(LeaveTest, AMapThatIsTooLongIsAnErrorWhileTheFirmwareIsThere) {
    buffer_.resize(0);
    expect_error(leave(), ErrorCode::memory_map_too_long, {1, 0});
    EXPECT_EQ(platform_.said, (std::vector<std::string>{"map"}));
}

TEST_F(LeaveTest, AMapThatIsTooLongAfterATryIsAnErrorOfTheExit) {
    buffer_.resize(1);
    platform_.found_late = {.range = {{0x8000'0000}, 0x5000}, .type = BATON_MEMORY_BAD};
    expect_error(leave(), ErrorCode::exit_boot_services_failed, {2, 1});
}

TEST_F(LeaveTest, AFirmwareThatNeverGoesIsAnErrorWithItsStatus) {
    platform_.stays = true;
    expect_error(leave(), ErrorCode::exit_boot_services_failed, {1, 8});
}

} // namespace
} // namespace baton::test

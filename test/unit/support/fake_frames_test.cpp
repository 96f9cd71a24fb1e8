// SPDX-License-Identifier: BSD-2-Clause
//
// The fake keeps the contract of FrameSource, or the tests that use it would mean little.
#include "support/errors.hpp"
#include "support/fake_frames.hpp"

#include <gtest/gtest.h>
#include <stdexcept>

namespace baton::test {
namespace {

TEST(FakeFrames, HandsOutPoisonedMemoryAtHighAddresses) {
    FakeFrames frames;
    const auto frame = frames.allocate({});
    ASSERT_TRUE(frame);
    EXPECT_GT(frame->value, uint64_t{1} << 51);
    EXPECT_EQ(frames.read(frame->value + kPageBytes - 8), 0xa5a5'a5a5'a5a5'a5a5);
}

TEST(FakeFrames, KeepsAlignmentAndOffset) {
    FakeFrames frames;
    const auto block =
        frames.allocate({.pages = 3, .alignment = kLargePageBytes, .offset = 5 * kPageBytes});
    ASSERT_TRUE(block);
    EXPECT_EQ(block->value % kLargePageBytes, 5 * kPageBytes);
}

TEST(FakeFrames, KeepsOutOfWhatIsToBeAvoided) {
    FakeFrames frames;
    const PhysRange avoid[] = {{{FakeFrames::kFirst}, 3 * kPageBytes},
                               {{FakeFrames::kFirst + 4 * kPageBytes}, kPageBytes}};
    const auto block = frames.allocate({.pages = 2, .avoid = avoid});
    ASSERT_TRUE(block);
    EXPECT_EQ(block->value, FakeFrames::kFirst + 5 * kPageBytes);
}

TEST(FakeFrames, StaysBelowWhatTheRequestSays) {
    FakeFrames frames;
    ASSERT_TRUE(frames.allocate({}));
    const auto low = frames.allocate({.pages = 2, .below = {uint64_t{1} << 32}});
    ASSERT_TRUE(low);
    EXPECT_LE(low->value + 2 * kPageBytes, uint64_t{1} << 32);
    EXPECT_EQ(frames.read(low->value + 2 * kPageBytes - 8), 0xa5a5'a5a5'a5a5'a5a5);
    EXPECT_TRUE(failed_with(frames.allocate({.below = {0x1000}}), ErrorCode::out_of_memory));
}

TEST(FakeFrames, RunsDryAtTheCallItWasTold) {
    FakeFrames frames;
    frames.run_dry_at(1);
    EXPECT_TRUE(frames.allocate({}));
    expect_error(frames.allocate({.pages = 2}), ErrorCode::out_of_memory,
                 {2 * kPageBytes, kPageBytes});
    EXPECT_EQ(frames.requests().size(), 2u);
}

TEST(FakeFrames, RefusesAccessToMemoryThatItDidNotHandOut) {
    FakeFrames frames;
    const auto frame = frames.allocate({});
    ASSERT_TRUE(frame);
    EXPECT_THROW(frames.access(*frame + kPageBytes), std::out_of_range);
    EXPECT_THROW(frames.access(*frame - 1), std::out_of_range);
}

} // namespace
} // namespace baton::test

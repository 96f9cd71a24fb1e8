// SPDX-License-Identifier: BSD-2-Clause
#include "core/arena.hpp"
#include "support/bytes.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>

namespace baton::test {
namespace {

struct alignas(32) Wide {
    uint8_t value = 7;
};

bool suits(const void* address, std::size_t alignment) {
    return reinterpret_cast<uint64_t>(address) % alignment == 0;
}

TEST(Arena, ArraysAreAlignedForTheirType) {
    Buffer memory(256);
    Arena arena(memory);
    ASSERT_TRUE(arena.array<uint8_t>(1));
    const auto words = arena.array<uint64_t>(2);
    ASSERT_TRUE(words);
    EXPECT_TRUE(suits(words->data(), alignof(uint64_t)));
    ASSERT_TRUE(arena.array<uint8_t>(1));
    const auto wide = arena.array<Wide>(2);
    ASSERT_TRUE(wide);
    EXPECT_TRUE(suits(wide->data(), alignof(Wide)));
}

TEST(Arena, ArraysDoNotOverlap) {
    Buffer memory(256);
    Arena arena(memory);
    const auto first = arena.array<uint32_t>(3);
    const auto second = arena.array<uint64_t>(3);
    ASSERT_TRUE(first && second);
    EXPECT_LE(reinterpret_cast<uint64_t>(first->data() + first->size()),
              reinterpret_cast<uint64_t>(second->data()));
}

TEST(Arena, ObjectsAreValueInitialised) {
    Buffer memory(256, std::byte{0xa5});
    Arena arena(memory);
    const auto numbers = arena.array<uint64_t>(4);
    const auto wide = arena.array<Wide>(2);
    ASSERT_TRUE(numbers && wide);
    EXPECT_TRUE(std::ranges::all_of(*numbers, [](uint64_t number) { return number == 0; }));
    EXPECT_TRUE(std::ranges::all_of(*wide, [](const Wide& each) { return each.value == 7; }));
}

TEST(Arena, ScratchIsLeftAsItIs) {
    Buffer memory(256, std::byte{0xa5});
    Arena arena(memory);
    ASSERT_TRUE(arena.array<uint8_t>(1));
    const auto numbers = arena.scratch<uint64_t>(4);
    const auto behind = arena.array<uint8_t>(1);
    ASSERT_TRUE(numbers && behind);
    EXPECT_TRUE(suits(numbers->data(), alignof(uint64_t)));
    EXPECT_EQ(reinterpret_cast<uint64_t>(behind->data()),
              reinterpret_cast<uint64_t>(numbers->data() + 4));
    EXPECT_TRUE(std::ranges::all_of(
        *numbers, [](uint64_t number) { return number == 0xa5a5'a5a5'a5a5'a5a5; }));
}

TEST(Arena, GivesItsLastByteAndThenNoMore) {
    Buffer memory(16);
    Arena arena(memory);
    EXPECT_TRUE(arena.array<uint64_t>(2));
    EXPECT_EQ(arena.used_bytes(), 16u);
    expect_error(arena.array<uint8_t>(1), ErrorCode::out_of_memory, {1, 1});
}

TEST(Arena, OneByteTooFewIsOutOfMemory) {
    Buffer memory(15);
    Arena arena(memory);
    expect_error(arena.array<uint64_t>(2), ErrorCode::out_of_memory, {16, 8});
}

TEST(Arena, PaddingThatDoesNotFitIsOutOfMemory) {
    Buffer memory(3);
    Arena arena(memory);
    ASSERT_TRUE(arena.array<uint8_t>(1));
    EXPECT_TRUE(failed_with(arena.array<uint64_t>(0), ErrorCode::out_of_memory));
}

TEST(Arena, AFailureTakesNothing) {
    Buffer memory(16);
    Arena arena(memory);
    EXPECT_FALSE(arena.array<uint64_t>(3));
    EXPECT_EQ(arena.used_bytes(), 0u);
    EXPECT_TRUE(arena.array<uint64_t>(2));
}

TEST(Arena, ACountWhoseBytesOverflowIsOutOfMemory) {
    Buffer memory(64);
    Arena arena(memory);
    for (const uint64_t count : {~uint64_t{0}, uint64_t{1} << 61, (uint64_t{1} << 61) + 1})
        EXPECT_TRUE(failed_with(arena.array<uint64_t>(count), ErrorCode::out_of_memory));
}

// "Every Error has the offending numbers": 0 bytes would not be one.
TEST(Arena, AnErrorsByteCountDoesNotWrap) {
    Buffer memory(64);
    Arena arena(memory);
    const auto array = arena.array<uint64_t>(uint64_t{1} << 61);
    ASSERT_FALSE(array);
    EXPECT_GT(array.error().numbers[0], memory.size());
}

TEST(Arena, AnEmptyArrayNeedsNoMemory) {
    Arena arena({});
    const auto array = arena.array<uint64_t>(0);
    ASSERT_TRUE(array);
    EXPECT_TRUE(array->empty());
}

TEST(Arena, BytesForIsEnoughWhateverCameBefore) {
    for (std::size_t before = 0; before < alignof(Wide); ++before) {
        Buffer memory(before + Arena::bytes_for<Wide>(3));
        Arena arena(memory);
        ASSERT_TRUE(arena.array<uint8_t>(before));
        EXPECT_TRUE(arena.array<Wide>(3)) << "after " << before << " bytes";
    }
}

} // namespace
} // namespace baton::test

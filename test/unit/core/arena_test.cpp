// SPDX-License-Identifier: BSD-2-Clause
#include "core/arena.hpp"
#include "support/bytes.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

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
    EXPECT_GT(array.error().numbers()[0], memory.size());
}

TEST(Arena, AnEmptyArrayNeedsNoMemory) {
    Arena arena({});
    const auto array = arena.array<uint64_t>(0);
    ASSERT_TRUE(array);
    EXPECT_TRUE(array->empty());
}

/// Counts chunks, and has no more after so many.
class Chunks final : public ChunkSource {
  public:
    explicit Chunks(std::size_t most = 100) : most_(most) {}
    Result<std::span<std::byte>> chunk(uint64_t bytes) override {
        if (sizes.size() == most_)
            return fail(ErrorCode::out_of_memory, {bytes, 1});
        sizes.push_back(bytes);
        return std::span(memory_.emplace_back(bytes));
    }
    std::vector<uint64_t> sizes;

  private:
    std::size_t most_;
    std::deque<Buffer> memory_;
};

TEST(Arena, TakesAChunkWhenItNeedsOneAndALargerOneEachTime) {
    Chunks chunks;
    Arena arena(chunks);
    EXPECT_TRUE(chunks.sizes.empty());
    const auto first = arena.array<uint8_t>(100).value();
    first[99] = 7;
    ASSERT_TRUE(arena.array<uint8_t>(1));
    ASSERT_TRUE(arena.array<uint8_t>(199));
    ASSERT_TRUE(arena.array<uint8_t>(5000));
    EXPECT_EQ(chunks.sizes, (std::vector<uint64_t>{100, 200, 5000}));
    EXPECT_EQ(first[99], 7) << "what was handed out stays";
}

TEST(Arena, IsOutOfMemoryWhenItsSourceIs) {
    Chunks chunks(1);
    Arena arena(chunks);
    ASSERT_TRUE(arena.array<uint8_t>(100));
    EXPECT_TRUE(failed_with(arena.array<uint8_t>(1), ErrorCode::out_of_memory));
    EXPECT_TRUE(failed_with(arena.make<uint64_t>(1), ErrorCode::out_of_memory));
    EXPECT_TRUE(failed_with(arena.copy("text"), ErrorCode::out_of_memory));
}

TEST(Arena, ClearedUsesItsLastChunkAgain) {
    Chunks chunks;
    Arena arena(chunks);
    const auto* const first = arena.array<uint8_t>(100).value().data();
    arena.clear();
    EXPECT_EQ(arena.array<uint8_t>(100).value().data(), first);
    EXPECT_EQ(chunks.sizes.size(), 1u);
    for (uint64_t bytes = 1; bytes < 10'000; ++bytes) { // many that are a little larger each
        arena.clear();
        ASSERT_TRUE(arena.array<uint8_t>(bytes));
    }
    EXPECT_LT(chunks.sizes.size(), 10u);
}

TEST(Arena, MakesObjectsAndCopiesOfText) {
    Chunks chunks;
    Arena arena(chunks);
    std::string text = "some text";
    const std::string_view copy = arena.copy(text).value();
    text.clear();
    EXPECT_EQ(copy, "some text");
    const auto* const pair = arena.make<std::pair<int, char>>(5, 'x').value();
    EXPECT_EQ(*pair, std::pair(5, 'x'));
}

} // namespace
} // namespace baton::test

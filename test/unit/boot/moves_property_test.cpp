// SPDX-License-Identifier: BSD-2-Clause
//
// Whatever the memory map, the kernel and its modules: what stage 2 does leaves each byte where it
// belongs, overwrites no source before it is read, and touches nothing but what is the loader's.
#include "support/moves.hpp"
#include "support/random.hpp"

#include <gtest/gtest.h>

namespace baton::test {
namespace {

class RandomNumbersOf final : public Numbers {
  public:
    explicit RandomNumbersOf(uint64_t seed) : random_(seed) {}
    uint64_t below(uint64_t limit) override { return random_.below(limit); }

  private:
    Random random_;
};

TEST(MovesProperty, EachByteEndsWhereItBelongsAndNothingElseIsTouched) {
    constexpr unsigned kMachines = 300;
    Moves moves;
    unsigned booted = 0, moved = 0, moved_32_bit = 0, refused = 0;
    for (uint64_t seed = 1; seed <= kMachines; ++seed) {
        RandomNumbersOf numbers(seed);
        const auto outcome = moves.run(numbers);
        EXPECT_EQ(outcome.broken, "") << "seed " << seed;
        booted += !outcome.error;
        moved += outcome.is_moved;
        moved_32_bit += outcome.is_moved && outcome.is_32_bit;
        refused += outcome.error == ErrorCode::destination_not_free;
    }
    // All of what this is about has happened.
    EXPECT_GT(booted, kMachines / 4);
    EXPECT_GT(moved, kMachines / 20);
    EXPECT_GT(moved_32_bit, kMachines / 100);
    EXPECT_GT(refused, kMachines / 50);
}

} // namespace
} // namespace baton::test

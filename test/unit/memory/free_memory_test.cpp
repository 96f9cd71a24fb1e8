// SPDX-License-Identifier: BSD-2-Clause
#include "memory/free_memory.hpp"

#include "memory/memory_range.hpp"
#include "support/random.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <vector>

namespace baton::test {
namespace {

constexpr uint64_t kPage = kPageBytes;
constexpr PhysAddr kAnywhere{kPhysicalAddressEnd};
constexpr uint64_t kPages = 96; // of the small machine of the property test

/// Page by page.
class Oracle {
  public:
    Oracle() { free_.assign(kPages, 0); }
    void set(PhysRange range, bool free) {
        for (uint64_t page = 0; page < kPages; ++page)
            if (free ? page * kPage >= range.base.value && (page + 1) * kPage <= range.end().value
                     : PhysRange{{page * kPage}, kPage}.overlaps(range))
                free_[page] = free ? 1 : 0;
    }
    std::optional<PhysAddr> take(PhysAddr end, const FrameRequest& request) {
        for (uint64_t page = kPages; page-- > 0;) {
            const PhysRange block{{page * kPage}, request.pages * kPage};
            if (block.end() > end || block.end() > request.below ||
                block.end().value > kPages * kPage)
                continue;
            if (block.base.value % request.alignment == request.offset && is_free(block)) {
                set(block, false);
                return block.base;
            }
        }
        return {};
    }

  private:
    bool is_free(PhysRange block) const {
        for (uint64_t page = block.base.value / kPage; page * kPage < block.end().value; ++page)
            if (free_[page] == 0)
                return false;
        return true;
    }
    std::vector<char> free_;
};

TEST(FreeMemoryProperty, HandsOutWhatTryingEachPageFinds) {
    Random random(23);
    int found = 0, not_found = 0;
    for (int round = 0; round < 400; ++round) {
        constexpr std::size_t kRanges = 12, kBlocks = 60;
        std::vector<PhysRange> room(FreeMemory::entries_for(kRanges, kBlocks));
        FreeMemory memory(room);
        Oracle oracle;
        std::vector<PhysRange> taken;
        for (std::size_t i = 0; i < kRanges; ++i) {
            const PhysRange range{{random.below(80 * kPage)}, random.below(16 * kPage)};
            if (random.one_in(3)) {
                taken.push_back(range);
                memory.add_taken(range);
            } else { // whole pages, as two parts of one page are no page
                const PhysRange pages{{align_down(range.base.value, kPage)},
                                      align_down(range.bytes, kPage)};
                memory.add_free(pages);
                oracle.set(pages, true);
            }
        }
        for (const PhysRange& range : taken)
            if (!range.empty())
                oracle.set(range, false);
        memory.build();
        for (std::size_t i = 0; i < kBlocks; ++i) {
            const uint64_t alignment = kPage << random.below(4);
            const FrameRequest request{.pages = 1 + random.below(6),
                                       .alignment = alignment,
                                       .offset = random.below(alignment / kPage) * kPage,
                                       .below = random.one_in(2)
                                                    ? FrameRequest{}.below
                                                    : PhysAddr{random.below(kPages) * kPage}};
            const PhysAddr end = random.one_in(2) ? kAnywhere : PhysAddr{kPages / 2 * kPage};
            const auto expected = oracle.take(end, request);
            ASSERT_EQ(memory.take(end, request), expected) << round << " " << i;
            ++(expected ? found : not_found);
        }
    }
    EXPECT_GT(found, 1000);
    EXPECT_GT(not_found, 1000);
}

TEST(FreeMemory, GoesOnWithoutRoomToSplit) {
    std::vector<PhysRange> room(FreeMemory::entries_for(1, 0));
    FreeMemory memory(room);
    memory.add_free({{0}, 64 * kPage});
    memory.build();
    EXPECT_EQ(memory.take(kAnywhere, {.pages = 1, .alignment = 16 * kPage}), PhysAddr{48 * kPage});
    EXPECT_EQ(memory.take(kAnywhere, {.pages = 1, .alignment = 16 * kPage}), PhysAddr{32 * kPage});
}

TEST(FreeMemory, CutsOffWhatLiesBeyondAllAddresses) {
    std::vector<PhysRange> room(FreeMemory::entries_for(3, 4));
    FreeMemory memory(room);
    memory.add_free({{kPhysicalAddressEnd - kPage}, ~uint64_t{0}});
    memory.add_taken({{~uint64_t{0} - 5}, ~uint64_t{0}});
    memory.build();
    EXPECT_EQ(memory.take(kAnywhere, {}), PhysAddr{kPhysicalAddressEnd - kPage});
    EXPECT_EQ(memory.take(kAnywhere, {}), std::nullopt);
}

} // namespace
} // namespace baton::test

// SPDX-License-Identifier: BSD-2-Clause
//
// plan_load() against an oracle that looks at each page by itself.
#include "plan/load_plan.hpp"
#include "support/planned.hpp"
#include "support/printers.hpp"
#include "support/random.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <vector>

namespace baton::test {
namespace {

constexpr uint64_t kWindowBytes = 24 * kPageBytes;

/// The page's number from the beginning of the window on, and its p_flags.
using PageFlags = std::map<uint64_t, uint32_t>;

/// Segments as offsets in a window of a few pages, where they share pages and touch often.
struct WindowSegment {
    uint64_t first, bytes;
    uint32_t flags;
};

std::vector<WindowSegment> random_segments(Random& random) {
    std::set<uint64_t> cuts;
    const uint64_t count = 2 * (1 + random.below(10));
    while (cuts.size() < count) {
        const uint64_t cut = random.below(kWindowBytes);
        cuts.insert(random.one_in(3) ? align_down(cut, kPageBytes) : cut);
        if (random.one_in(3)) // another one just behind it: a tiny segment, or a tiny gap
            cuts.insert(std::min(cut + 1 + random.below(64), kWindowBytes));
    }
    std::vector<WindowSegment> segments;
    for (auto cut = cuts.begin(); cut != cuts.end() && std::next(cut) != cuts.end();) {
        const uint64_t first = *cut++;
        segments.push_back({first, *cut - first, static_cast<uint32_t>(random.below(8))});
        if (random.one_in(2)) // else the next segment begins where this one ends
            ++cut;
    }
    segments.front().flags |= kX;
    random.shuffle(std::span(segments));
    return segments;
}

PageFlags flags_by_page(const std::vector<WindowSegment>& segments) {
    PageFlags flags;
    for (const WindowSegment& segment : segments)
        for (uint64_t page = segment.first / kPageBytes;
             page <= (segment.first + segment.bytes - 1) / kPageBytes; ++page)
            flags[page] |= segment.flags;
    return flags;
}

Access access_of(uint32_t flags) {
    switch (flags & (kW | kX)) {
    case 0:
        return Access::read_only;
    case kW:
        return Access::read_write;
    case kX:
        return Access::read_execute;
    default:
        return Access::kernel_demanded_write_execute;
    }
}

/// Longest stretches of pages that continue, and are alike as `alike` says.
template<class Alike>
std::vector<PageRun> stretches(const PageFlags& flags, uint64_t base, Alike alike) {
    std::vector<PageRun> runs;
    for (const auto& [page, page_flags] : flags) {
        const VirtAddr address{base + page * kPageBytes};
        const Access access = access_of(page_flags);
        if (!runs.empty() && runs.back().pages.end() == address &&
            alike(runs.back().access, access))
            runs.back().pages.bytes += kPageBytes;
        else
            runs.push_back({{address, kPageBytes}, access});
    }
    return runs;
}

Planned plan_in_window(const std::vector<WindowSegment>& segments, uint64_t base) {
    ElfBuilder elf;
    for (const WindowSegment& segment : segments) {
        elf.load(
            {.vaddr = base + segment.first, .memory_bytes = segment.bytes, .flags = segment.flags});
        if ((segment.flags & kX) != 0)
            elf.entry(base + segment.first + segment.bytes - 1);
    }
    return plan_of(elf, kWindowBytes);
}

void expect_the_oracles_plan(const LoadPlan& plan, const std::vector<WindowSegment>& segments,
                             uint64_t base) {
    const PageFlags flags = flags_by_page(segments);
    const auto runs = stretches(flags, base, [](Access a, Access b) { return a == b; });
    EXPECT_EQ(std::vector(plan.page_runs.begin(), plan.page_runs.end()), runs);
    EXPECT_EQ(plan.write_execute_runs,
              std::ranges::count(runs, Access::kernel_demanded_write_execute, &PageRun::access));
    const auto regions = stretches(flags, base, [](Access, Access) { return true; });
    ASSERT_EQ(plan.regions.size(), regions.size());
    for (std::size_t i = 0; i < regions.size(); ++i)
        EXPECT_EQ(plan.regions[i].pages, regions[i].pages);
    EXPECT_EQ(plan.segments.size(), segments.size());
    EXPECT_TRUE(std::ranges::is_sorted(plan.segments, {},
                                       [](const Segment& segment) { return segment.memory.base; }));
}

// The window's beginning: low, at the end of the lower half, across 2 MiB, and at the very end.
constexpr uint64_t kBases[] = {0x1000, 0x0000'8000'0000'0000 - kWindowBytes,
                               0xffff'ffff'8020'0000 - kWindowBytes / 2, 0 - kWindowBytes};

TEST(LoadPlanProperty, RandomSegmentsMakeTheOraclesPlan) {
    Random random(47);
    for (int i = 0; i < 4000; ++i) {
        const auto segments = random_segments(random);
        const uint64_t base = random.pick(kBases);
        auto planned = plan_in_window(segments, base);
        ASSERT_TRUE(planned.result) << "case " << i << ": " << outcome(planned.result);
        expect_the_oracles_plan(planned.plan(), segments, base);
        ASSERT_FALSE(testing::Test::HasFailure()) << "case " << i;
    }
}

TEST(LoadPlanProperty, OneByteOfOverlapIsRefused) {
    Random random(48);
    for (int i = 0; i < 4000; ++i) {
        auto segments = random_segments(random);
        const WindowSegment victim = segments[random.below(segments.size())];
        const uint64_t first = victim.first + random.below(victim.bytes);
        segments.push_back({first, 1 + random.below(kWindowBytes - first), kR});
        random.shuffle(std::span(segments));
        const auto planned = plan_in_window(segments, random.pick(kBases));
        ASSERT_TRUE(failed_with(planned.result, ErrorCode::segments_overlap))
            << "case " << i << ": " << outcome(planned.result);
        const auto& numbers = planned.result.error().numbers();
        const auto& a = segments.at(numbers[0]);
        const auto& b = segments.at(numbers[3]);
        ASSERT_TRUE(a.first < b.first + b.bytes && b.first < a.first + a.bytes) << "case " << i;
        ASSERT_EQ(numbers[2], a.bytes) << "case " << i;
        ASSERT_EQ(numbers[4] - numbers[1], b.first - a.first) << "case " << i;
    }
}

} // namespace
} // namespace baton::test

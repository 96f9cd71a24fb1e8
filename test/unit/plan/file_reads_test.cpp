// SPDX-License-Identifier: BSD-2-Clause
#include "plan/file_reads.hpp"
#include "support/planned.hpp"

#include <gtest/gtest.h>
#include <ostream>
#include <vector>

namespace baton {

static bool operator==(const FileRead& a, const FileRead& b) {
    return a.offset == b.offset && a.bytes == b.bytes && a.destination == b.destination;
}
static void PrintTo(const FileRead& read, std::ostream* out) {
    *out << std::hex << read.offset << " + " << read.bytes << " to " << read.destination.value;
}

namespace test {
namespace {

constexpr uint64_t kPage = kPageBytes;
constexpr uint64_t kBase = 0xffff'ffff'8000'0000;

std::vector<FileRead> reads_of(const LoadPlan& plan) {
    std::vector<FileRead> all;
    FileReads reads(plan);
    while (const auto read = reads.next())
        all.push_back(*read);
    return all;
}

TEST(FileReads, NeighboursInFileAndMemoryComeInOneWithWhatIsBetweenThem) {
    FakeFrames frames;
    auto planned = placed(
        {{.vaddr = kBase + 0x10, .memory_bytes = 0x100, .file_bytes = 0x80, .offset = 0x2010},
         {.vaddr = kBase + kPage, .memory_bytes = 0x200, .file_bytes = 0x200, .offset = 0x3000}},
        frames);
    EXPECT_EQ(reads_of(planned.plan()),
              (std::vector<FileRead>{{0x2010, 0x11f0, planned.plan().physical({kBase + 0x10})}}));
}

TEST(FileReads, ASegmentWithoutFileBytesIsNotRead) {
    FakeFrames frames;
    auto planned =
        placed({{.vaddr = kBase, .memory_bytes = kPage, .file_bytes = 8, .offset = 0x1000},
                {.vaddr = kBase + kPage, .memory_bytes = kPage}},
               frames);
    EXPECT_EQ(reads_of(planned.plan()),
              (std::vector<FileRead>{{0x1000, 8, planned.plan().physical({kBase})}}));
}

TEST(FileReads, OtherDistancesInTheFileThanInMemoryAreReadOneByOne) {
    FakeFrames frames;
    auto planned =
        placed({{.vaddr = kBase, .memory_bytes = kPage, .file_bytes = kPage, .offset = 0x1000},
                {.vaddr = kBase + kPage, .memory_bytes = 8, .file_bytes = 8, .offset = 0x2001},
                {.vaddr = kBase + 2 * kPage, .memory_bytes = 8, .file_bytes = 8, .offset = 0x10}},
               frames);
    const LoadPlan& plan = planned.plan();
    EXPECT_EQ(reads_of(plan),
              (std::vector<FileRead>{{0x1000, kPage, plan.physical({kBase})},
                                     {0x2001, 8, plan.physical({kBase + kPage})},
                                     {0x10, 8, plan.physical({kBase + 2 * kPage})}}));
}

TEST(FileReads, AGapOfMoreThan64KiBIsNotReadOver) {
    for (const uint64_t gap : {uint64_t{0x1'0000}, uint64_t{0x1'0001}}) {
        FakeFrames frames;
        auto planned =
            placed({{.vaddr = kBase, .memory_bytes = 0x2'0000, .file_bytes = 8, .offset = 0x1000},
                    {.vaddr = kBase + 0x2'0000,
                     .memory_bytes = 8,
                     .file_bytes = 8,
                     .offset = 0x1000 + 0x2'0000}},
                   frames);
        // The distance stays; the first segment's file bytes end nearer or farther.
        planned.plan().segments[0].file_bytes = 0x2'0000 - gap;
        EXPECT_EQ(reads_of(planned.plan()).size(), gap <= 0x1'0000 ? 1u : 2u);
    }
}

// Frames between two regions are somebody else's, even where both distances are the same.
TEST(FileReads, NoReadReachesFromOneRegionIntoAnother) {
    FakeFrames frames;
    auto planned =
        placed({{.vaddr = kBase, .memory_bytes = kPage, .file_bytes = kPage, .offset = 0x1000},
                {.vaddr = kBase + 8 * kPage, .memory_bytes = 8, .file_bytes = 8, .offset = 0x4000}},
               frames);
    LoadPlan& plan = planned.plan();
    plan.regions[1].loaded = plan.regions[0].loaded + 3 * kPage;
    EXPECT_EQ(reads_of(plan), (std::vector<FileRead>{{0x1000, kPage, plan.regions[0].loaded},
                                                     {0x4000, 8, plan.regions[1].loaded}}));
}

} // namespace
} // namespace test
} // namespace baton

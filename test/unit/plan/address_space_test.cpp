// SPDX-License-Identifier: BSD-2-Clause
//
// map_address_space(), read back by the walker: all of it is there, and nothing else.
#include "plan/address_space.hpp"
#include "support/planned.hpp"
#include "support/tables.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <optional>
#include <vector>

namespace baton::test {
namespace {

constexpr uint64_t kPage = kPageBytes, kLarge = kLargePageBytes;
constexpr uint64_t kKernel = 0xffff'ffff'8000'0000;
constexpr uint64_t kGiB = uint64_t{1} << 30;

const DirectMapping kMemory[] = {
    {{{0}, 0xa'0000}, Access::read_write, Caching::write_back},
    {{{0x10'0000}, 2 * kGiB - 0x10'0000}, Access::read_write, Caching::write_back},
    {{{3 * kGiB}, 4 * kLarge + kPage}, Access::read_write, Caching::write_combining},
    {{{4 * kGiB}, 2 * kGiB}, Access::read_write, Caching::write_back},
};

const IdentityMapping kIdentity[] = {
    {{{0x20'0000}, kPage}, Access::read_execute},
    {{{0x20'1000}, 2 * kPage}, Access::read_write},
    {{{0x30'0000}, kPage}, Access::read_only},
    {{{0xfed0'0000}, kPage}, Access::read_write, Caching::uncacheable},
};

/// Everything that map_address_space() takes, for a kernel with segments of each kind.
class AddressSpaceTest : public testing::Test {
  protected:
    Tables tables_;
    FakeFrames memory_;
    Planned planned_ =
        placed({{.vaddr = kKernel, .memory_bytes = 0x1800, .flags = kR | kX},
                {.vaddr = kKernel + 0x2000, .memory_bytes = kPage, .flags = kR},
                {.vaddr = kKernel + 0x3000, .memory_bytes = kPage, .flags = kR | kW},
                {.vaddr = kKernel + 0x5000, .memory_bytes = kPage, .flags = kR | kW | kX},
                {.vaddr = kKernel + 2 * kLarge, .memory_bytes = 3 * kLarge, .flags = kR | kW}},
               memory_);
    Layout layout_ =
        plan_layout(planned_.plan(), {.physical_end = 6 * kGiB, .direct_map = {}}).value();
    PhysAddr stack_ = memory_.allocate({.pages = kStackBytes / kPage}).value();
    std::vector<IdentityMapping> identity_{std::begin(kIdentity), std::end(kIdentity)};

    Result<void> map() {
        return map_address_space(tables_.mapper, {.plan = planned_.plan(),
                                                  .layout = layout_,
                                                  .direct_map = kMemory,
                                                  .stack = stack_,
                                                  .identity = identity_});
    }
    /// Where the kernel's page is in physical memory.
    uint64_t physical(uint64_t address) { return planned_.plan().physical({address}).value; }
    std::vector<MappedRun> runs_within(VirtRange range) {
        std::vector<MappedRun> runs = tables_.walker().runs();
        std::erase_if(runs, [&](const MappedRun& run) {
            return !range.overlaps({{run.virtual_base}, run.bytes});
        });
        return runs;
    }
};

TEST_F(AddressSpaceTest, KernelPagesHaveJustThePermissionsOfTheirSegments) {
    ASSERT_TRUE(map());
    const std::vector<MappedRun> expected = {
        {kKernel, physical(kKernel), 0x2000, kReadExecute},
        {kKernel + 0x2000, physical(kKernel + 0x2000), kPage, kReadOnly},
        {kKernel + 0x3000, physical(kKernel + 0x3000), kPage, kReadWrite},
        {kKernel + 0x5000, physical(kKernel + 0x5000), kPage, kWriteExecute},
        {kKernel + 2 * kLarge, physical(kKernel + 2 * kLarge), 3 * kLarge, kReadWrite},
    };
    EXPECT_EQ(runs_within({{kKernel}, 0 - kKernel}), expected);
}

TEST_F(AddressSpaceTest, LargeSegmentsHaveLargePages) {
    ASSERT_TRUE(map());
    for (uint64_t offset = 0; offset < 3 * kLarge; offset += kLarge)
        EXPECT_EQ(tables_.at(kKernel + 2 * kLarge + offset).page_bytes, kLarge);
}

TEST_F(AddressSpaceTest, TheDirectMapIsReadWriteAndNeverExecutable) {
    ASSERT_TRUE(map());
    const uint64_t base = layout_.direct_map.base.value;
    const std::vector<MappedRun> expected = {
        {base, 0, 0xa'0000, kReadWrite},
        {base + 0x10'0000, 0x10'0000, 2 * kGiB - 0x10'0000, kReadWrite},
        {base + 3 * kGiB, 3 * kGiB, 4 * kLarge + kPage, kWriteCombining},
        {base + 4 * kGiB, 4 * kGiB, 2 * kGiB, kReadWrite},
    };
    EXPECT_EQ(runs_within(layout_.direct_map), expected);
}

TEST_F(AddressSpaceTest, TheDirectMapHasLargeAndHugePages) {
    ASSERT_TRUE(map());
    const uint64_t base = layout_.direct_map.base.value;
    EXPECT_EQ(tables_.at(base + 0x20'0000).page_bytes, kLarge);
    EXPECT_EQ(tables_.at(base + kGiB).page_bytes, kGiB);
    EXPECT_EQ(tables_.at(base + 5 * kGiB).page_bytes, kGiB);
}

TEST_F(AddressSpaceTest, TheStackIsReadWriteBetweenUnmappedPages) {
    ASSERT_TRUE(map());
    const VirtRange guarded{layout_.stack.base - kPage, layout_.stack.bytes + 2 * kPage};
    EXPECT_EQ(runs_within(guarded), (std::vector<MappedRun>{{layout_.stack.base.value, stack_.value,
                                                             kStackBytes, kReadWrite}}));
}

TEST_F(AddressSpaceTest, IdentityMappingsAreWhereTheyLieWithTheirAccess) {
    ASSERT_TRUE(map());
    EXPECT_EQ(
        runs_within({{0}, uint64_t{1} << 47}),
        (std::vector<MappedRun>{
            {0x20'0000, 0x20'0000, kPage, kReadExecute},
            {0x20'1000, 0x20'1000, 2 * kPage, kReadWrite},
            {0x30'0000, 0x30'0000, kPage, kReadOnly},
            {0xfed0'0000, 0xfed0'0000, kPage, {true, false, false, MemoryType::uncacheable}}}));
}

TEST_F(AddressSpaceTest, PageZeroIsUnmapped) {
    ASSERT_TRUE(map());
    EXPECT_FALSE(tables_.is_mapped(0));
    EXPECT_FALSE(tables_.is_mapped(0xfff));
}

TEST_F(AddressSpaceTest, NothingButTheKernelIsWritableAndExecutable) {
    ASSERT_TRUE(map());
    for (const Leaf& leaf : tables_.walker().leaves()) {
        if (leaf.virtual_base == kKernel + 0x5000)
            continue;
        const PageKind& kind = leaf.translation.kind;
        EXPECT_FALSE(kind.writable && kind.executable) << std::hex << leaf.virtual_base;
    }
}

TEST_F(AddressSpaceTest, NothingIsForUserMode) {
    ASSERT_TRUE(map());
    for (const Leaf& leaf : tables_.walker().leaves())
        EXPECT_FALSE(leaf.translation.kind.user) << std::hex << leaf.virtual_base;
}

TEST_F(AddressSpaceTest, AnIdentityMappingOverTheKernelIsRefused) {
    Tables tables;
    FakeFrames memory;
    auto low = placed({{.vaddr = 0x20'0000, .memory_bytes = kPage}}, memory);
    const auto mapped = map_address_space(tables.mapper, {.plan = low.plan(),
                                                          .layout = layout_,
                                                          .direct_map = kMemory,
                                                          .stack = stack_,
                                                          .identity = identity_});
    expect_error(mapped, ErrorCode::mapping_exists, {0x20'0000});
}

TEST_F(AddressSpaceTest, IdentityMappingsThatOverlapAreRefused) {
    identity_.push_back({{{0x20'2000}, kPage}, Access::read_only});
    expect_error(map(), ErrorCode::mapping_exists, {0x20'2000});
}

TEST_F(AddressSpaceTest, OutOfMemoryAtEachFrameIsReported) {
    ASSERT_TRUE(map());
    const uint64_t needed = tables_.frames.requests().size();
    for (uint64_t call = 1; call < needed; ++call) {
        Tables tables;
        tables.frames.run_dry_at(call);
        const auto mapped = map_address_space(tables.mapper, {.plan = planned_.plan(),
                                                              .layout = layout_,
                                                              .direct_map = kMemory,
                                                              .stack = stack_,
                                                              .identity = identity_});
        expect_error(mapped, ErrorCode::out_of_memory, {kPage, kPage});
    }
}

} // namespace
} // namespace baton::test

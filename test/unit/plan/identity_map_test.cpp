// SPDX-License-Identifier: BSD-2-Clause
#include "plan/identity_map.hpp"
#include "support/planned.hpp"

#include <gtest/gtest.h>
#include <optional>
#include <vector>

namespace baton::test {
namespace {

constexpr uint64_t kPage = kPageBytes;
constexpr uint64_t kMib = uint64_t{1} << 20;
constexpr uint64_t kGiB = uint64_t{1} << 30;
constexpr uint64_t kHigh = 0xffff'ffff'8000'0000;

const DirectMapping kDirectMap[] = {
    {{{0}, 0x9'f000}, Access::read_write, Caching::write_back},
    {{{kMib}, kMib}, Access::read_write, Caching::write_back},
    {{{2 * kMib}, kPage}, Access::read_only, Caching::write_back},
    {{{2 * kMib + kPage}, kMib}, Access::read_execute, Caching::write_back},
    {{{kGiB}, kGiB}, Access::kernel_demanded_write_execute, Caching::write_back},
    {{{3 * kGiB}, kPage}, Access::read_write, Caching::write_combining},
    {{{4 * kGiB - kPage}, kGiB}, Access::read_write, Caching::write_back},
};

bool operator==(const IdentityMapping& a, const IdentityMapping& b) {
    return a.range == b.range && a.access == b.access && a.caching == b.caching;
}

class IdentityMapTest : public testing::Test {
  protected:
    HeapArena arena_;
    FakeFrames frames_;
    Planned kernel_ = placed({{.vaddr = kHigh, .memory_bytes = 0x1000}}, frames_);
    std::vector<IdentityMapping> there_;

    Result<std::span<const IdentityMapping>> plan(uint64_t bytes,
                                                  IdentityRequest request = {.bytes = 0}) {
        request.bytes = bytes;
        return plan_identity_map(request, kernel_.plan(), kDirectMap, there_, arena_);
    }
    /// What maps a page; nothing where it isn't mapped, and a failure where it is twice.
    std::optional<IdentityMapping> of(uint64_t page, std::span<const IdentityMapping> mappings) {
        std::optional<IdentityMapping> found;
        for (const IdentityMapping& mapping : mappings)
            if (mapping.range.contains({page})) {
                EXPECT_FALSE(found) << std::hex << page;
                found = mapping;
            }
        return found;
    }
    /// A kernel of one page that is at its virtual address.
    void use_low_kernel(uint64_t at, uint64_t physical) {
        frames_.free_at(physical);
        ElfBuilder elf = ElfBuilder().entry(at).load({.vaddr = at, .memory_bytes = kPage});
        elf.program_header(0).p_paddr = physical;
        kernel_ = plan_of(elf, kPage, {.placement = Placement::physical});
        ASSERT_TRUE(place(kernel_.plan(), frames_));
    }
};

TEST_F(IdentityMapTest, HasWhatTheDirectMapHasAndUncacheableDevicesBetween) {
    const auto all = plan(kMib).value();
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].range, (PhysRange{{kPage}, 0x9'f000 - kPage})); // page 0 stays unmapped
    EXPECT_EQ(all[0].caching, Caching::write_back);
    EXPECT_EQ(all[1].range, (PhysRange{{0x9'f000}, kMib - 0x9'f000}));
    EXPECT_EQ(all[1].access, Access::read_write);
    EXPECT_EQ(all[1].caching, Caching::uncacheable);
}

TEST_F(IdentityMapTest, CoversEachPageOnceAndNothingIsExecutable) {
    const auto all = plan(4 * kGiB).value();
    uint64_t next = kPage;
    for (const IdentityMapping& mapping : all) {
        EXPECT_EQ(mapping.range.base.value, next);
        EXPECT_FALSE(mapping.range.empty());
        EXPECT_TRUE(mapping.access == Access::read_write || mapping.access == Access::read_only);
        next = mapping.range.end().value;
    }
    EXPECT_EQ(next, 4 * kGiB);
    EXPECT_EQ(of(2 * kMib, all)->access, Access::read_only);
    EXPECT_EQ(of(2 * kMib + kPage, all)->access, Access::read_only);
    EXPECT_EQ(of(kGiB, all)->access, Access::read_write);
    EXPECT_EQ(of(3 * kGiB, all)->caching, Caching::write_combining);
    EXPECT_EQ(of(3 * kGiB + kPage, all)->caching, Caching::uncacheable);
    EXPECT_EQ(of(4 * kGiB - kPage, all)->caching, Caching::write_back);
}

TEST_F(IdentityMapTest, DevicesAndCodeAreThereAsRequested) {
    const auto all =
        plan(4 * kGiB, {.bytes = 0, .has_devices = false, .is_executable = true}).value();
    EXPECT_FALSE(of(0x9'f000, all));
    EXPECT_FALSE(of(3 * kGiB + kPage, all));
    EXPECT_EQ(of(3 * kGiB, all)->caching, Caching::write_combining);
    EXPECT_EQ(of(2 * kMib + kPage, all)->access, Access::read_execute);
    EXPECT_EQ(of(kGiB, all)->access, Access::kernel_demanded_write_execute);
}

TEST_F(IdentityMapTest, WhatIsThereAlreadyStaysAsItIs) {
    there_ = {{{{kMib + 4 * kPage}, 2 * kPage}, Access::read_execute},
              {{{kMib}, kPage}, Access::read_only},
              {{{0xfed0'0000}, kPage}, Access::read_write, Caching::uncacheable},
              {{{5 * kGiB}, kPage}, Access::read_write}};
    const auto all = plan(4 * kGiB).value();
    for (std::size_t i = 0; i < there_.size(); ++i)
        EXPECT_TRUE(all[i] == there_[i]) << i;
    for (uint64_t page = kMib; page < 2 * kMib; page += kPage)
        EXPECT_TRUE(of(page, all)) << std::hex << page;
    EXPECT_EQ(of(kMib + 5 * kPage, all)->access, Access::read_execute);
    EXPECT_EQ(of(kMib + 6 * kPage, all)->access, Access::read_write);
}

TEST_F(IdentityMapTest, AKernelAtItsPhysicalAddressKeepsItsPages) {
    use_low_kernel(kMib + kPage, kMib + kPage);
    const auto all = plan(4 * kGiB).value();
    EXPECT_FALSE(of(kMib + kPage, all));
    EXPECT_TRUE(of(kMib, all));
    EXPECT_TRUE(of(kMib + 2 * kPage, all));
}

TEST_F(IdentityMapTest, AKernelThatIsElsewhereIsInTheWay) {
    use_low_kernel(kMib + kPage, 2 * kMib);
    EXPECT_EQ(outcome(plan(kMib)), "good"); // it is above
    EXPECT_TRUE(failed_with(plan(4 * kGiB), ErrorCode::request_not_met));
}

} // namespace
} // namespace baton::test

// SPDX-License-Identifier: BSD-2-Clause
#include "memory/efi_map.hpp"
#include "plan/direct_map.hpp"
#include "support/bytes.hpp"
#include "support/errors.hpp"
#include "support/planned.hpp"
#include "support/printers.hpp"
#include "support/tables.hpp"
#include "tools/baton/heap_arena.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace baton::test {
namespace {

constexpr uint64_t kPage = kPageBytes;
constexpr std::size_t kStride = 48; // as OVMF has it
constexpr uint64_t kWriteBack = 0x8, kUncached = 0x1;
constexpr uint32_t kConventional = 7, kMappedIo = 11;

/// A firmware's map, and the direct map that is made of it.
class FirmwareMap {
  public:
    FirmwareMap& add(uint64_t base, uint64_t pages, uint32_t type = kConventional,
                     uint64_t attribute = kWriteBack) {
        append(bytes_, EfiMemoryDescriptor{.type = type,
                                           .padding = 0,
                                           .physical_start = base,
                                           .virtual_start = 0,
                                           .number_of_pages = pages,
                                           .attribute = attribute});
        bytes_.resize(++count_ * kStride);
        return *this;
    }
    FirmwareMap& add_framebuffer(uint64_t base, uint64_t bytes) {
        BatonFramebuffer framebuffer{};
        framebuffer.base_physical = base;
        framebuffer.bytes = bytes;
        framebuffers_.push_back(framebuffer);
        return *this;
    }
    FirmwareMap& runtime(uint64_t base, uint64_t pages, RuntimeUse use) {
        runtime_.push_back({{{base}, pages * kPage}, use});
        return *this;
    }
    /// A kernel that was placed.
    FirmwareMap& kernel(const LoadPlan& plan) {
        kernel_ = plan;
        return *this;
    }
    Result<std::vector<DirectMapping>> plan(Arena& arena) const {
        std::vector<PhysRange> room(count_);
        const auto ranges = efi_cacheable_ranges(EfiMemoryMap(bytes_, kStride), room);
        const auto mappings = plan_direct_map(parts(ranges), arena);
        if (!mappings)
            return std::unexpected(mappings.error());
        return std::vector(mappings->begin(), mappings->end());
    }
    std::vector<DirectMapping> mappings() const {
        HeapArena arena;
        return plan(arena).value();
    }

  private:
    DirectMapParts parts(std::span<const PhysRange> memory) const {
        return {
            .memory = memory, .plan = kernel_, .framebuffers = framebuffers_, .runtime = runtime_};
    }

    Buffer bytes_;
    std::vector<RuntimeRange> runtime_;
    std::size_t count_ = 0;
    std::vector<BatonFramebuffer> framebuffers_;
    LoadPlan kernel_{}; // none
};

DirectMapping write_back(uint64_t base, uint64_t bytes) {
    return {{{base}, bytes}, Access::read_write, Caching::write_back};
}
DirectMapping write_combining(uint64_t base, uint64_t bytes) {
    return {{{base}, bytes}, Access::read_write, Caching::write_combining};
}

DirectMapping read_only(uint64_t base, uint64_t bytes) {
    return {{{base}, bytes}, Access::read_only, Caching::write_back};
}

using Mappings = std::vector<DirectMapping>;

TEST(DirectMap, HasAllCacheableMemorySorted) {
    EXPECT_EQ(FirmwareMap().add(0x10'0000, 16).add(0x1000, 8).mappings(),
              (Mappings{write_back(0x1000, 8 * kPage), write_back(0x10'0000, 16 * kPage)}));
}

TEST(DirectMap, JoinsNeighboursOfAnyType) {
    EXPECT_EQ(FirmwareMap().add(0x1000, 1).add(0x2000, 1, 9).add(0x3000, 1, 6).mappings(),
              (Mappings{write_back(0x1000, 3 * kPage)}));
}

DirectMapping mapping(uint64_t base, uint64_t pages, Access access,
                      Caching caching = Caching::write_back) {
    return {{{base}, pages * kPage}, access, caching};
}

TEST(DirectMap, ShowsDevicesOfRuntimeServicesUncacheable) {
    constexpr uint64_t kFar = uint64_t{5} << 40;
    EXPECT_EQ(FirmwareMap()
                  .add(0x1000, 8)
                  .runtime(0xffc0'1000, 3, RuntimeUse::device)
                  .runtime(kFar, 1, RuntimeUse::device)
                  .mappings(),
              (Mappings{write_back(0x1000, 8 * kPage),
                        mapping(0xffc0'1000, 3, Access::read_write, Caching::uncacheable),
                        mapping(kFar, 1, Access::read_write, Caching::uncacheable)}));
}

TEST(DirectMap, MakesCodeOfRuntimeServicesExecutableAndItsDataWritable) {
    EXPECT_EQ(
        FirmwareMap()
            .add(0x1000, 16)
            .runtime(0x4000, 6, RuntimeUse::code)
            .runtime(0x4000, 1, RuntimeUse::code_read_only)
            .runtime(0x5000, 3, RuntimeUse::code_read_execute)
            .runtime(0x8000, 1, RuntimeUse::code_read_write)
            .mappings(),
        (Mappings{mapping(0x1000, 3, Access::read_write), mapping(0x4000, 1, Access::read_only),
                  mapping(0x5000, 3, Access::read_execute), mapping(0x8000, 1, Access::read_write),
                  mapping(0x9000, 1, Access::kernel_demanded_write_execute),
                  mapping(0xa000, 7, Access::read_write)}));
}

TEST(DirectMap, BelievesNoAttributesOutsideOfTheCodeOfRuntimeServices) {
    EXPECT_EQ(FirmwareMap()
                  .add(0x1000, 8)
                  .runtime(0x1000, 2, RuntimeUse::code_read_execute)
                  .runtime(0x10'0000, 1, RuntimeUse::code_read_execute)
                  .mappings(),
              (Mappings{write_back(0x1000, 8 * kPage)}));
}

TEST(DirectMap, HasNoDevices) {
    EXPECT_EQ(FirmwareMap()
                  .add(0x1000, 1)
                  .add(0xfee0'0000, 1, kMappedIo, kUncached)
                  .add(0xfec0'0000, 1, kMappedIo, kWriteBack)
                  .add(0xe000'0000, 1, 0, kUncached)
                  .mappings(),
              (Mappings{write_back(0x1000, kPage)}));
}

TEST(DirectMap, AFramebufferIsWriteCombining) {
    EXPECT_EQ(FirmwareMap().add(0x1000, 1).add_framebuffer(0x8000'0000, 0x3000).mappings(),
              (Mappings{write_back(0x1000, kPage), write_combining(0x8000'0000, 0x3000)}));
}

TEST(DirectMap, AFramebufferTakesTheWholePagesThatItTouches) {
    EXPECT_EQ(FirmwareMap().add_framebuffer(0x8000'0ffe, 4).mappings(),
              (Mappings{write_combining(0x8000'0000, 2 * kPage)}));
}

TEST(DirectMap, AFramebufferWinsOverMemoryThatClaimsItsPages) {
    EXPECT_EQ(FirmwareMap().add(0x1000, 9).add_framebuffer(0x3000, 0x2000).mappings(),
              (Mappings{write_back(0x1000, 2 * kPage), write_combining(0x3000, 2 * kPage),
                        write_back(0x5000, 5 * kPage)}));
}

TEST(DirectMap, DescriptorsThatOverlapAreMappedOnce) {
    EXPECT_EQ(FirmwareMap().add(0x1000, 4).add(0x3000, 4).add(0x1000, 4).mappings(),
              (Mappings{write_back(0x1000, 6 * kPage)}));
}

TEST(DirectMap, DescriptorsWithoutPagesAreSkipped) {
    EXPECT_EQ(FirmwareMap().add(0x1000, 0).add_framebuffer(0x5000, 0).mappings(), Mappings{});
}

TEST(DirectMap, EndsAtTwoToThe52) {
    const uint64_t end = uint64_t{1} << 52;
    EXPECT_EQ(FirmwareMap().add(end - kPage, ~uint64_t{0}).add(end, 1).mappings(),
              (Mappings{write_back(end - kPage, kPage)}));
}

TEST(DirectMap, OfAnEmptyMapIsEmpty) {
    EXPECT_EQ(FirmwareMap().mappings(), Mappings{});
}

constexpr uint64_t kKernel = 0xffff'ffff'8000'0000;

/// A kernel of five pages in one region: text, constants, data, two of them both.
class DirectMapOfAKernel : public testing::Test {
  protected:
    FakeFrames frames_;
    Planned planned_ =
        placed({{.vaddr = kKernel, .memory_bytes = kPage, .flags = kR | kX},
                {.vaddr = kKernel + kPage, .memory_bytes = kPage, .flags = kR},
                {.vaddr = kKernel + 2 * kPage, .memory_bytes = kPage, .flags = kR | kW},
                {.vaddr = kKernel + 3 * kPage, .memory_bytes = 2 * kPage, .flags = kR | kW | kX}},
               frames_);
    uint64_t base_ = planned_.plan().regions[0].physical.value;
};

TEST_F(DirectMapOfAKernel, WhatItCantWriteToIsReadOnly) {
    EXPECT_EQ(FirmwareMap().add(base_ - kPage, 8).kernel(planned_.plan()).mappings(),
              (Mappings{write_back(base_ - kPage, kPage), read_only(base_, 2 * kPage),
                        write_back(base_ + 2 * kPage, 5 * kPage)}));
}

TEST_F(DirectMapOfAKernel, HasItsReadOnlyFramesWhateverTheFirmwareSaysOfThem) {
    EXPECT_EQ(FirmwareMap().kernel(planned_.plan()).mappings(),
              (Mappings{read_only(base_, 2 * kPage)}));
}

TEST_F(DirectMapOfAKernel, AFramebufferDoesNotMakeThemWritable) {
    EXPECT_EQ(FirmwareMap()
                  .add(base_, 5)
                  .add_framebuffer(base_ + kPage, 2 * kPage)
                  .kernel(planned_.plan())
                  .mappings(),
              (Mappings{read_only(base_, 2 * kPage), write_combining(base_ + 2 * kPage, kPage),
                        write_back(base_ + 3 * kPage, 2 * kPage)}));
}

TEST_F(DirectMapOfAKernel, EachOfItsRunsMayCutAMapping) {
    FakeFrames frames;
    ElfBuilder elf;
    elf.entry(kKernel);
    for (uint64_t i = 0; i < 40; ++i)
        elf.load({.vaddr = kKernel + i * kPage,
                  .memory_bytes = kPage,
                  .flags = i % 2 == 0 ? kR | kX : kR | kW});
    auto planned = plan_of(elf);
    ASSERT_TRUE(place(planned.plan(), frames));
    const uint64_t base = planned.plan().regions[0].physical.value;
    EXPECT_EQ(FirmwareMap().add(base - kPage, 42).kernel(planned.plan()).mappings().size(), 41u);
}

TEST_F(DirectMapOfAKernel, TextAndConstantsAreReadOnlyInEveryAlias) {
    const auto direct = FirmwareMap().add(base_ - kPage, 8).kernel(planned_.plan()).mappings();
    const Layout layout{.direct_map = {{0xffff'8000'0000'0000}, uint64_t{1} << 52},
                        .stack = {{0xffff'f000'0000'1000}, kStackBytes}};
    const PhysAddr stack = frames_.allocate({.pages = kStackBytes / kPage}).value();
    Tables tables;
    const IdentityMapping none[] = {{{{0x1000}, kPage}, Access::read_only}};
    ASSERT_TRUE(map_address_space(tables.mapper, {.plan = planned_.plan(),
                                                  .layout = layout,
                                                  .direct_map = {},
                                                  .stack = stack,
                                                  .identity = none}));
    // The fake's memory lies too high for a direct map with 4 levels: shifted down, it serves.
    for (const DirectMapping& mapping : direct)
        ASSERT_TRUE(tables.mapper.map(
            {.virtual_base = layout.direct_map.base + (mapping.range.base.value - base_ + kPage),
             .physical_base = mapping.range.base,
             .bytes = mapping.range.bytes,
             .access = mapping.access,
             .caching = mapping.caching}));
    std::size_t aliases = 0;
    for (const Leaf& leaf : tables.walker().leaves()) {
        const uint64_t physical = leaf.translation.physical;
        if (physical < base_ || physical >= base_ + 2 * kPage)
            continue;
        ++aliases;
        EXPECT_FALSE(leaf.translation.kind.writable) << std::hex << leaf.virtual_base;
    }
    EXPECT_EQ(aliases, 4u);
}

TEST(DirectMap, AnArenaThatIsTooSmallIsOutOfMemory) {
    FirmwareMap map;
    map.add(0x1000, 1).add(0x3000, 1).add_framebuffer(0x5000, 1);
    for (uint64_t bytes = 0; bytes < 512; bytes += 8) {
        Buffer memory(bytes);
        Arena arena(memory);
        EXPECT_TRUE(failed_with(map.plan(arena), ErrorCode::out_of_memory)) << bytes;
    }
}

TEST(DirectMap, EachFramebufferMaySplitTheMemoryBelowIt) {
    FirmwareMap map;
    map.add(0, 64);
    for (uint64_t i = 0; i < 30; ++i)
        map.add_framebuffer((2 * i + 1) * kPage, 1);
    EXPECT_EQ(map.mappings().size(), 61u);
}

TEST(PhysicalEnd, IsOnePastTheLastByteOfAll) {
    const auto mappings = FirmwareMap().add(0x10'0000, 16).add(0x1000, 8).mappings();
    EXPECT_EQ(physical_end(mappings), 0x11'0000u);
}

TEST(PhysicalEnd, IsZeroWhereThereIsNothing) {
    EXPECT_EQ(physical_end({}), 0u);
}

} // namespace
} // namespace baton::test

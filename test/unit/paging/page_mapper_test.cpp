// SPDX-License-Identifier: BSD-2-Clause
//
// Map, then look up as the processor would.
#include "paging/page_mapper.hpp"

#include "support/errors.hpp"
#include "support/tables.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace baton::test {
namespace {

constexpr uint64_t kSmall = kPageBytes, kLarge = kLargePageBytes, kHuge = kHugePageBytes;

Mapping read_write(uint64_t virtual_base, uint64_t physical_base, uint64_t bytes) {
    return {.virtual_base = {virtual_base},
            .physical_base = {physical_base},
            .bytes = bytes,
            .access = Access::read_write};
}

TEST(PageMapper, ANewAddressSpaceMapsNothing) {
    Tables tables;
    EXPECT_TRUE(tables.walker().leaves().empty());
    EXPECT_EQ(tables.mapper.root(), tables.frames.blocks().at(0).base);
    EXPECT_EQ(tables.mapper.table_frames(), 1u);
}

TEST(PageMapper, MapsExactlyWhatItWasTold) {
    Tables tables;
    ASSERT_TRUE(tables.mapper.map(read_write(0x7000, 0x12'3000, 2 * kSmall)));
    EXPECT_EQ(tables.walker().runs(),
              (std::vector<MappedRun>{{0x7000, 0x12'3000, 2 * kSmall, kReadWrite}}));
    EXPECT_EQ(tables.at(0x8fff).physical, 0x12'4fffu);
    EXPECT_FALSE(tables.is_mapped(0x6fff));
    EXPECT_FALSE(tables.is_mapped(0x9000));
}

TEST(PageMapper, MapsNothingForNoBytes) {
    Tables tables;
    EXPECT_TRUE(tables.mapper.map(read_write(0x7000, 0x12'3000, 0)));
    EXPECT_TRUE(tables.walker().leaves().empty());
}

struct AccessCase {
    Access access;
    PageKind kind;
};

TEST(PageMapper, AnAccessAllowsThatAndNoMoreOnEachPageSize) {
    const AccessCase cases[] = {{Access::read_only, kReadOnly},
                                {Access::read_write, kReadWrite},
                                {Access::read_execute, kReadExecute},
                                {Access::kernel_demanded_write_execute, kWriteExecute}};
    for (const AccessCase& with : cases)
        for (const uint64_t bytes : {kSmall, kLarge, kHuge}) {
            Tables tables;
            Mapping mapping = read_write(kHuge, kHuge, bytes);
            mapping.access = with.access;
            ASSERT_TRUE(tables.mapper.map(mapping));
            EXPECT_EQ(tables.at(kHuge), (Translation{kHuge, bytes, with.kind}));
        }
}

TEST(PageMapper, PagesOfOneTableKeepTheirOwnAccess) {
    Tables tables;
    Mapping code = read_write(0x1000, 0x5000, kSmall);
    code.access = Access::read_execute;
    Mapping constants = read_write(0x2000, 0x6000, kSmall);
    constants.access = Access::read_only;
    ASSERT_TRUE(tables.mapper.map(constants));
    ASSERT_TRUE(tables.mapper.map(code));
    ASSERT_TRUE(tables.mapper.map(read_write(0x3000, 0x7000, kSmall)));
    EXPECT_EQ(tables.walker().runs(),
              (std::vector<MappedRun>{{0x1000, 0x5000, kSmall, kReadExecute},
                                      {0x2000, 0x6000, kSmall, kReadOnly},
                                      {0x3000, 0x7000, kSmall, kReadWrite}}));
}

TEST(PageMapper, WriteCombiningReachesThePatOnEachPageSize) {
    for (const uint64_t bytes : {kSmall, kLarge, kHuge}) {
        Tables tables;
        Mapping mapping = read_write(kHuge, 3 * kHuge, bytes);
        mapping.caching = Caching::write_combining;
        ASSERT_TRUE(tables.mapper.map(mapping));
        EXPECT_EQ(tables.at(kHuge + 0x123),
                  (Translation{3 * kHuge + 0x123, bytes, kWriteCombining}));
    }
}

TEST(PageMapper, UncacheableReachesThePatOnEachPageSize) {
    for (const uint64_t bytes : {kSmall, kLarge, kHuge}) {
        Tables tables;
        Mapping mapping = read_write(kHuge, 3 * kHuge, bytes);
        mapping.caching = Caching::uncacheable;
        ASSERT_TRUE(tables.mapper.map(mapping));
        EXPECT_EQ(tables.at(kHuge + 0x123).kind.memory_type, MemoryType::uncacheable);
    }
}

using Sizes = std::vector<uint64_t>;

/// Maps, and expects pages of these sizes, in this order, that translate all of it and no more.
void expect_sizes(Tables&& tables, const Mapping& mapping, const Sizes& sizes) {
    ASSERT_TRUE(tables.mapper.map(mapping));
    EXPECT_EQ(tables.page_sizes(), sizes);
    EXPECT_EQ(tables.walker().runs(),
              (std::vector<MappedRun>{{mapping.virtual_base.value, mapping.physical_base.value,
                                       mapping.bytes, kReadWrite}}));
}
void expect_sizes(const Mapping& mapping, const Sizes& sizes) {
    expect_sizes(Tables(), mapping, sizes);
}

TEST(PageMapper, PagesAreTheLargestThatTheSizeAllows) {
    expect_sizes(read_write(kHuge, kHuge, kSmall), {kSmall});
    expect_sizes(read_write(kHuge, kHuge, kLarge - kSmall), Sizes(511, kSmall));
    expect_sizes(read_write(kHuge, kHuge, kLarge), {kLarge});
    expect_sizes(read_write(kHuge, kHuge, kLarge + kSmall), {kLarge, kSmall});
    expect_sizes(read_write(kHuge, kHuge, kHuge - kLarge), Sizes(511, kLarge));
    expect_sizes(read_write(kHuge, kHuge, kHuge), {kHuge});
}

TEST(PageMapper, PagesAreTheLargestThatBothAlignmentsAllow) {
    expect_sizes(read_write(kLarge, 7 * kLarge, kLarge), {kLarge});
    expect_sizes(read_write(kLarge + kSmall, kLarge, kLarge), Sizes(512, kSmall));
    expect_sizes(read_write(kLarge, kLarge + kSmall, kLarge), Sizes(512, kSmall));
    expect_sizes(read_write(2 * kHuge, 5 * kHuge, kHuge), {kHuge});
    expect_sizes(read_write(kHuge, kHuge + kLarge, kHuge), Sizes(512, kLarge));
    expect_sizes(read_write(kHuge + kLarge, kHuge, kHuge), Sizes(512, kLarge));
}

TEST(PageMapper, PagesGrowAndShrinkWithinAMapping) {
    expect_sizes(read_write(kLarge - kSmall, 5 * kLarge - kSmall, kLarge + kSmall),
                 {kSmall, kLarge});
    expect_sizes(read_write(kHuge - kLarge - kSmall, 9 * kHuge - kLarge - kSmall,
                            2 * kHuge + 2 * kLarge + 2 * kSmall),
                 {kSmall, kLarge, kHuge, kHuge, kLarge, kSmall});
}

TEST(PageMapper, ThereAreNoHugePagesWhereTheProcessorHasNone) {
    expect_sizes(Tables(false), read_write(2 * kHuge, 5 * kHuge, kHuge), Sizes(512, kLarge));
}

TEST(PageMapper, MapsAcrossTheEntriesOfTheRoot) {
    expect_sizes(read_write(512 * kHuge - kHuge, kHuge, 2 * kHuge), {kHuge, kHuge});
}

TEST(PageMapper, ReachesTheLastAddressOfEachPageSize) {
    for (const uint64_t bytes : {kSmall, kLarge, kHuge})
        expect_sizes(read_write(0 - bytes, bytes, bytes), {bytes});
}

TEST(PageMapper, ReachesTheEdgesOfTheHole) {
    expect_sizes(read_write(0x0000'7fff'ffff'f000, 0x1000, kSmall), {kSmall});
    expect_sizes(read_write(0xffff'8000'0000'0000, 0x1000, kSmall), {kSmall});
}

TEST(PageMapper, ReachesTheLastPageOfPhysicalMemory) {
    for (const uint64_t bytes : {kSmall, kLarge, kHuge})
        expect_sizes(read_write(kHuge, (uint64_t{1} << 52) - bytes, bytes), {bytes});
}

TEST(PageMapper, SmallPagesMayContinueWhereALargePageEnds) {
    Tables tables;
    ASSERT_TRUE(tables.mapper.map(read_write(kLarge, kLarge, kLarge)));
    ASSERT_TRUE(tables.mapper.map(read_write(2 * kLarge, 2 * kLarge, kSmall)));
    ASSERT_TRUE(tables.mapper.map(read_write(kLarge - kSmall, kLarge - kSmall, kSmall)));
    EXPECT_EQ(tables.page_sizes(), (std::vector<uint64_t>{kSmall, kLarge, kSmall}));
}

TEST(PageMapper, OneFrameMayBeMappedTwice) {
    Tables tables;
    ASSERT_TRUE(tables.mapper.map(read_write(0x1000, 0x5000, kSmall)));
    ASSERT_TRUE(tables.mapper.map(read_write(0x2000, 0x5000, kSmall)));
    EXPECT_EQ(tables.at(0x1000).physical, tables.at(0x2000).physical);
}

TEST(PageMapper, CountsTheFramesOfItsTables) {
    Tables tables;
    ASSERT_TRUE(tables.mapper.map(read_write(0x1000, 0x5000, kSmall)));
    EXPECT_EQ(tables.mapper.table_frames(), 4u); // one a level
    ASSERT_TRUE(tables.mapper.map(read_write(0x2000, 0x6000, kSmall)));
    EXPECT_EQ(tables.mapper.table_frames(), 4u);
    ASSERT_TRUE(tables.mapper.map(read_write(kHuge, kHuge, kLarge)));
    EXPECT_EQ(tables.mapper.table_frames(), 5u); // a page directory
    EXPECT_EQ(tables.mapper.table_frames(), tables.frames.blocks().size());
}

TEST(PageMapper, TheRootLiesBelow4GiBAndOtherTablesAnywhere) {
    for (const bool five_level : {false, true}) {
        Tables tables(true, five_level);
        EXPECT_EQ(tables.frames.requests().at(0).below, PhysAddr{uint64_t{1} << 32});
        EXPECT_LE(tables.mapper.root().value, (uint64_t{1} << 32) - kSmall);
        ASSERT_TRUE(tables.mapper.map(read_write(0x1000, 0x5000, kSmall)));
        for (std::size_t i = 1; i < tables.frames.requests().size(); ++i)
            EXPECT_EQ(tables.frames.requests()[i].below, PhysAddr{~uint64_t{0}});
    }
}

TEST(PageMapper, TablesTellWhatTheyAre) {
    Tables tables;
    ASSERT_TRUE(tables.mapper.map(read_write(0x1000, 0x5000, kSmall)));
    for (const FrameRequest& request : tables.frames.requests())
        EXPECT_EQ(request.use, MemoryUse::page_tables);
}

TEST(PageMapper5Levels, TranslateAllSizesAndKinds) {
    constexpr uint64_t kAddresses[] = {0x1000'0000'0000, 0x00ff'ffff'c000'0000,
                                       0xff00'0000'0000'0000, 0xffff'8000'0000'0000, 0 - kHuge};
    for (const uint64_t address : kAddresses)
        for (const uint64_t bytes : {kSmall, kLarge, kHuge}) {
            Tables tables(true, true);
            Mapping mapping = read_write(address, kHuge, bytes);
            mapping.access = Access::read_execute;
            ASSERT_TRUE(tables.mapper.map(mapping));
            EXPECT_EQ(tables.at(address), (Translation{kHuge, bytes, kReadExecute}));
            EXPECT_EQ(tables.walker().leaves().size(), 1u);
        }
}

TEST(PageMapper5Levels, TakeOneTableMoreForEach256TiB) {
    Tables tables(true, true);
    ASSERT_TRUE(tables.mapper.map(read_write(0x1000, 0x5000, kSmall)));
    EXPECT_EQ(tables.mapper.table_frames(), 5u);
    ASSERT_TRUE(tables.mapper.map(read_write(uint64_t{1} << 48, kHuge, kHuge)));
    EXPECT_EQ(tables.mapper.table_frames(), 7u); // a PML4 and a PDPT
}

TEST(PageMapper5Levels, MapAcrossTheEntriesOfTheRoot) {
    expect_sizes(Tables(true, true), read_write((uint64_t{1} << 48) - kHuge, kHuge, 2 * kHuge),
                 {kHuge, kHuge});
}

TEST(PageMapper5Levels, ReachTheEdgesOfTheirHole) {
    expect_sizes(Tables(true, true), read_write(0x00ff'ffff'ffff'f000, 0x1000, kSmall), {kSmall});
    expect_sizes(Tables(true, true), read_write(0xff00'0000'0000'0000, 0x1000, kSmall), {kSmall});
    expect_sizes(Tables(true, true), read_write(0 - kSmall, 0x1000, kSmall), {kSmall});
}

TEST(PageMapper, TablesAreSingleFrames) {
    Tables tables;
    ASSERT_TRUE(tables.mapper.map(read_write(kLarge - kSmall, kSmall, kHuge)));
    for (const FrameRequest& request : tables.frames.requests())
        EXPECT_EQ(request.pages, 1u);
}

} // namespace
} // namespace baton::test

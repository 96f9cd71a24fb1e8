// SPDX-License-Identifier: BSD-2-Clause
//
// Random mappings against a model that is a map from addresses to mappings.
#include "paging/page_mapper.hpp"
#include "support/errors.hpp"
#include "support/random.hpp"
#include "support/tables.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <vector>

namespace baton::test {
namespace {

constexpr uint64_t kSmall = kPageBytes, kLarge = kLargePageBytes, kHuge = kHugePageBytes;

PageKind kind_of(const Mapping& mapping) {
    const auto type = mapping.caching == Caching::write_combining ? MemoryType::write_combining
                      : mapping.caching == Caching::uncacheable   ? MemoryType::uncacheable
                                                                  : MemoryType::write_back;
    switch (mapping.access) {
    case Access::read_only:
        return {false, false, false, type};
    case Access::read_write:
        return {true, false, false, type};
    case Access::read_execute:
        return {false, true, false, type};
    case Access::kernel_demanded_write_execute:
        break;
    }
    return {true, true, false, type};
}

/// What should be mapped.
class Model {
  public:
    bool overlaps(const Mapping& mapping) const {
        const VirtRange range{mapping.virtual_base, mapping.bytes};
        return std::ranges::any_of(mappings_, [&](const auto& entry) {
            return range.overlaps({entry.second.virtual_base, entry.second.bytes});
        });
    }
    void add(const Mapping& mapping) { mappings_.emplace(mapping.virtual_base, mapping); }

    /// As PageWalker::runs() tells it.
    std::vector<MappedRun> runs() const {
        std::vector<MappedRun> runs;
        for (const auto& [base, mapping] : mappings_) {
            const MappedRun run{base.value, mapping.physical_base.value, mapping.bytes,
                                kind_of(mapping)};
            if (!runs.empty() && runs.back().virtual_base + runs.back().bytes == base.value &&
                runs.back().physical_base + runs.back().bytes == run.physical_base &&
                runs.back().kind == run.kind)
                runs.back().bytes += run.bytes;
            else
                runs.push_back(run);
        }
        return runs;
    }
    const Mapping& mapping_at(uint64_t address) const {
        return std::prev(mappings_.upper_bound({address}))->second;
    }
    const std::map<VirtAddr, Mapping>& mappings() const { return mappings_; }

  private:
    std::map<VirtAddr, Mapping> mappings_;
};

/// Whether a page of `page_bytes` could map `address` as a part of `mapping`.
bool could_be_larger(const Mapping& mapping, uint64_t address, uint64_t page_bytes) {
    const uint64_t page = align_down(address, page_bytes);
    const uint64_t before = page - mapping.virtual_base.value;
    return page >= mapping.virtual_base.value && before < mapping.bytes &&
           mapping.bytes - before >= page_bytes &&
           is_aligned(mapping.physical_base.value + before, page_bytes);
}

void expect_largest_pages(Tables& tables, const Model& model, bool huge_pages) {
    for (const Leaf& leaf : tables.walker().leaves()) {
        const Mapping& mapping = model.mapping_at(leaf.virtual_base);
        for (const uint64_t larger : {kLarge, kHuge})
            if (larger > leaf.translation.page_bytes && (larger == kLarge || huge_pages)) {
                ASSERT_FALSE(could_be_larger(mapping, leaf.virtual_base, larger))
                    << std::hex << leaf.virtual_base;
            }
    }
}

/// Somewhere in 4 GiB at the beginning or the end of either half.
Mapping random_mapping(Random& random, bool five_level) {
    constexpr uint64_t kAreas[] = {0, 0x7fff'0000'0000, 0xffff'8000'0000'0000,
                                   0 - (uint64_t{4} << 30)};
    constexpr uint64_t kAreas57[] = {0x00ff'ffff'0000'0000, 0xff00'0000'0000'0000, 0,
                                     0x0000'ffff'8000'0000}; // the last one across PML4s
    constexpr uint64_t kUnits[] = {kSmall, kSmall, kLarge, kLarge, kHuge};
    const uint64_t unit = random.pick(kUnits);
    const uint64_t area = random.pick(five_level ? kAreas57 : kAreas);
    uint64_t offset = random.below((uint64_t{4} << 30) / unit) * unit;
    uint64_t bytes = (1 + random.below(unit == kHuge ? 2 : 5)) * unit;
    if (unit != kSmall && random.one_in(3)) // begin and end with smaller pages
        offset += random.below(3) * kSmall;
    if (random.one_in(3))
        bytes += random.below(3) * (unit == kHuge ? kLarge : kSmall);
    bytes = std::min(bytes, (uint64_t{4} << 30) - offset);
    // Huge pages keep their alignment, or they would become a million small ones.
    uint64_t physical = random.below(uint64_t{1} << 20) * kHuge + offset % kHuge;
    if (unit != kHuge && random.one_in(3))
        physical = random.below(uint64_t{1} << 38) * kSmall;
    return {.virtual_base = {area + offset},
            .physical_base = {physical},
            .bytes = bytes,
            .access = static_cast<Access>(random.below(4)),
            .caching = static_cast<Caching>(random.below(3))};
}

void expect_unchanged(Tables& tables, const Model& model) {
    for (const auto& [base, mapping] : model.mappings()) {
        for (const uint64_t offset : {uint64_t{0}, mapping.bytes - 1}) {
            const Translation page = tables.at(base.value + offset);
            ASSERT_EQ(page.physical, mapping.physical_base.value + offset);
            ASSERT_EQ(page.kind, kind_of(mapping));
        }
    }
}

/// Maps at random; true where a mapping was refused, as it had to be.
bool run_case(Random& random, bool huge_pages, bool five_level) {
    Tables tables(huge_pages, five_level);
    Model model;
    for (int i = 0; i < 16; ++i) {
        const Mapping mapping = random_mapping(random, five_level);
        const bool refuse = model.overlaps(mapping);
        if (refuse && !random.one_in(4))
            continue; // most cases go on with what can be mapped
        const auto result = tables.mapper.map(mapping);
        if (refuse) { // a part of it may be mapped: nothing more can be said of it
            EXPECT_TRUE(failed_with(result, ErrorCode::mapping_exists)) << outcome(result);
            expect_unchanged(tables, model);
            return true;
        }
        EXPECT_TRUE(result) << outcome(result);
        model.add(mapping);
    }
    EXPECT_EQ(tables.walker().runs(), model.runs());
    expect_largest_pages(tables, model, huge_pages);
    EXPECT_EQ(tables.mapper.table_frames(), tables.frames.blocks().size());
    return false;
}

TEST(PageMapperProperty, RandomMappingsTranslateAsTheModelSays) {
    Random random(4096);
    int refused = 0;
    for (int i = 0; i < 200; ++i) {
        refused += run_case(random, i % 2 == 0, i % 4 < 2) ? 1 : 0;
        ASSERT_FALSE(HasFailure()) << "case " << i;
    }
    EXPECT_GT(refused, 20); // both outcomes are common
    EXPECT_LT(refused, 180);
}

} // namespace
} // namespace baton::test

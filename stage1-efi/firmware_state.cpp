// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/firmware_state.hpp"

#include "paging/entry.hpp"
#include "stage1-efi/cpu.hpp"

#include <algorithm>

namespace baton {
namespace {

/// A table, by the identity mapping that UEFI promises (UEFI 2.10 section 2.3.4).
std::span<const uint64_t, paging::kEntriesPerTable> table_at(uint64_t physical) {
    return std::span<const uint64_t, paging::kEntriesPerTable>(
        reinterpret_cast<const uint64_t*>(physical), paging::kEntriesPerTable);
}

void add_table(RangeSet& set, uint64_t table, unsigned level) {
    set.add({{table}, kPageBytes});
    if (level == 1)
        return;
    for (const uint64_t entry : table_at(table)) {
        if ((entry & paging::kPresent) == 0)
            continue;
        if (level < paging::kLevels && (entry & paging::kPageSize) != 0)
            continue;
        add_table(set, entry & paging::kAddressMask, level - 1);
    }
}

} // namespace

void RangeSet::add(PhysRange range) {
    for (PhysRange& known : std::span(ranges_).first(count_)) {
        if (known.contains(range.base) && range.bytes <= known.bytes - (range.base - known.base))
            return;
        if (known.end() == range.base) {
            known.bytes += range.bytes;
            return;
        }
    }
    if (count_ < kCapacity) {
        ranges_[count_++] = range;
        return;
    }
    PhysRange& last = ranges_.back();
    const PhysAddr base = std::min(last.base, range.base);
    last = {base, std::max(last.end(), range.end()) - base};
}

void add_page_tables(RangeSet& set, uint64_t cr3) {
    add_table(set, cr3 & paging::kAddressMask, paging::kLevels);
}

void add_stack_and_descriptor_tables(RangeSet& set) {
    constexpr uint64_t kStackBelow = uint64_t{128} << 10; // UEFI 2.10 section 2.3.4 promises that
    constexpr uint64_t kStackAbove = uint64_t{64} << 10;  // the callers' frames, at a guess
    const uint64_t stack = align_down(cpu::read_stack_pointer(), kPageBytes);
    const uint64_t bottom = stack - std::min(stack, kStackBelow);
    set.add({{bottom}, stack - bottom + kStackAbove});
    for (const cpu::TableRegister& table : {cpu::read_gdtr(), cpu::read_idtr()})
        set.add(page_cover(PhysRange{{table.base}, uint64_t{table.limit} + 1}));
}

} // namespace baton

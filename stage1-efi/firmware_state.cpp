// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/firmware_state.hpp"

#include "cpu/descriptors.hpp"
#include "cpu/features.hpp"
#include "cpu/instructions.hpp"
#include "paging/entry.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace baton {
namespace {

constexpr unsigned kHighestLeafLevel = 3; // 1 GiB pages

/// A table, by the identity mapping that UEFI promises (UEFI 2.10 section 2.3.4).
std::span<const uint64_t, paging::kEntriesPerTable> table_at(uint64_t physical) {
    return std::span<const uint64_t, paging::kEntriesPerTable>(
        reinterpret_cast<const uint64_t*>(physical), paging::kEntriesPerTable);
}

constexpr std::size_t kGroup = 64;

/// Whether none of kGroup entries can refer to a table. Most of the firmware's are pages of 2 MiB,
/// and there may be half a million of them: an instruction each, without a loop.
template<std::size_t... kIndex>
bool all_are_pages(const uint64_t* group, std::index_sequence<kIndex...>) {
    return ((group[kIndex] & ...) & paging::kPageSize) != 0;
}

/// The table and those below it, as far as they map the first `bytes` of what it maps.
void add_table(RangeSet& set, uint64_t table, unsigned level, uint64_t bytes) {
    set.add({{table}, kPageBytes});
    if (level == 1)
        return;
    const auto entries = table_at(table);
    const uint64_t each = paging::entry_bytes(level);
    for (std::size_t i = 0; i < entries.size() && i * each < bytes; i += kGroup) {
        if (level <= kHighestLeafLevel &&
            all_are_pages(&entries[i], std::make_index_sequence<kGroup>()))
            continue;
        for (std::size_t at = i; at < i + kGroup && at * each < bytes; ++at)
            if (const uint64_t entry = entries[at];
                (entry & paging::kPresent) != 0 &&
                (level > kHighestLeafLevel || (entry & paging::kPageSize) == 0))
                add_table(set, entry & paging::kAddressMask, level - 1, bytes - at * each);
    }
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

} // namespace

void add_page_tables(RangeSet& set, PhysAddr end) {
    const unsigned levels = cpu::five_level_paging_is_on() ? paging::kLevelsLa57 : paging::kLevels;
    add_table(set, cpu::read_cr3() & paging::kAddressMask, levels, end.value);
}

FirmwareMemory find_firmware_memory() {
    FirmwareMemory memory{.cr3 = cpu::read_cr3(), .page_tables = {}, .occupied = {}};
    add_page_tables(memory.page_tables, {~uint64_t{0}});
    memory.occupied = memory.page_tables;
    add_stack_and_descriptor_tables(memory.occupied);
    return memory;
}

} // namespace baton

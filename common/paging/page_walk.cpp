// SPDX-License-Identifier: BSD-2-Clause
#include "paging/page_walk.hpp"

#include "core/address.hpp"

namespace baton {
namespace {

constexpr uint64_t kIndexBytes = sizeof(uint64_t);

bool maps_page(uint64_t entry, unsigned level) {
    return level == 1 || (level <= 3 && (entry & paging::kPageSize) != 0);
}

/// Tables 4-14 to 4-20 of the Intel SDM 3A, section 4.5.
uint64_t reserved_bits(uint64_t entry, unsigned level, const PagingMode& mode) {
    uint64_t reserved = paging::kAddressMask & ~((uint64_t{1} << mode.physical_bits) - 1);
    if (!mode.no_execute)
        reserved |= paging::kNoExecute;
    if (level > 3)
        reserved |= paging::kPageSize;
    else if (level > 1 && maps_page(entry, level)) // below the page's address, but above PAT
        reserved |= paging::kLargeAddressMask & (paging::entry_bytes(level) - 1);
    return reserved;
}

/// The level of the first entry in which this bit is not `wanted`; 0 if there is none.
unsigned first_without(const PageWalk& walk, uint64_t bit, bool wanted) {
    for (std::size_t i = 0; i < walk.count; ++i)
        if (((walk.steps[i].entry & bit) != 0) != wanted)
            return walk.level(i);
    return 0;
}

} // namespace

PageWalk walk_page_tables(uint64_t address, const PagingMode& mode, const MemoryReader& memory) {
    PageWalk walk{.address = address,
                  .levels = mode.five_level ? paging::kLevelsLa57 : paging::kLevels,
                  .end = WalkEnd::not_canonical,
                  .count = 0,
                  .steps = {}};
    if (!is_canonical(VirtAddr{address}, address_bits(mode.five_level)))
        return walk;
    uint64_t table = mode.cr3 & paging::kAddressMask;
    for (unsigned level = walk.levels;; --level) {
        WalkStep& step = walk.steps[walk.count++];
        step.physical = table + kIndexBytes * paging::entry_index(address, level);
        if (!memory.read(memory.context, step.physical, step.entry))
            walk.end = WalkEnd::unreadable;
        else if ((step.entry & paging::kPresent) == 0)
            walk.end = WalkEnd::not_present;
        else if ((step.entry & reserved_bits(step.entry, level, mode)) != 0)
            walk.end = WalkEnd::reserved_bit;
        else if (maps_page(step.entry, level))
            walk.end = WalkEnd::page;
        else {
            table = step.entry & paging::kAddressMask;
            continue;
        }
        return walk;
    }
}

bool is_identity(const PageWalk& walk) {
    const std::size_t last = walk.count - 1;
    const uint64_t page_bytes = paging::entry_bytes(walk.level(last));
    const uint64_t physical = walk.steps[last].entry & paging::kAddressMask;
    return align_down(physical ^ walk.address, page_bytes) == 0;
}

Verdict judge(const PageWalk& walk, PageAccess access, const PagingMode& mode) {
    const unsigned last = walk.count == 0 ? 0 : walk.level(walk.count - 1);
    switch (walk.end) {
    case WalkEnd::not_canonical:
        return {Denial::not_canonical, 0};
    case WalkEnd::unreadable:
        return {Denial::unreadable, last};
    case WalkEnd::not_present:
        return {Denial::not_present, last};
    case WalkEnd::reserved_bit:
        return {Denial::reserved_bit, last};
    case WalkEnd::page:
        break;
    }
    if (access.user)
        if (const unsigned level = first_without(walk, paging::kUser, true); level != 0)
            return {Denial::supervisor_only, level};
    if (access.write && (access.user || mode.write_protect))
        if (const unsigned level = first_without(walk, paging::kWritable, true); level != 0)
            return {Denial::read_only, level};
    if (access.fetch)
        if (const unsigned level = first_without(walk, paging::kNoExecute, false); level != 0)
            return {Denial::no_execute, level};
    return {Denial::none, 0};
}

} // namespace baton

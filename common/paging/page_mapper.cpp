// SPDX-License-Identifier: BSD-2-Clause
#include "paging/page_mapper.hpp"

#include "memory/memory_range.hpp"
#include "paging/entry.hpp"

#include <algorithm>

namespace baton {

using namespace paging;

namespace {

// Level 3 has 1 GiB pages, level 2 has 2 MiB pages, level 1 has 4 KiB pages.
constexpr unsigned kHugeLevel = 3;
constexpr unsigned kLargeLevel = 2;
constexpr unsigned kSmallLevel = 1;

uint64_t access_bits(Access access) {
    switch (access) {
    case Access::read_only:
        return kNoExecute;
    case Access::read_write:
        return kWritable | kNoExecute;
    case Access::read_execute:
        return 0;
    case Access::kernel_demanded_write_execute:
        return kWritable;
    }
    __builtin_unreachable();
}

uint64_t leaf(const Mapping& mapping, unsigned level) {
    uint64_t entry = mapping.physical_base.value | kPresent | access_bits(mapping.access);
    if (level > kSmallLevel)
        entry |= kPageSize;
    if (mapping.caching == Caching::write_combining)
        entry |= kWriteThrough | (level > kSmallLevel ? kPatLarge : kPatSmall);
    if (mapping.caching == Caching::uncacheable)
        entry |= kWriteThrough | kCacheDisable;
    return entry;
}

} // namespace

Result<PageMapper> PageMapper::create(FrameSource& frames, Mode mode) {
    PageMapper mapper(frames, mode);
    const auto root =
        TRY(mapper.new_table({.pages = 1, .use = MemoryUse::page_tables, .below = k4GiB}));
    mapper.root_ = root;
    return mapper;
}

unsigned PageMapper::levels() const {
    return mode_.five_level ? kLevelsLa57 : kLevels;
}

Result<void> PageMapper::check(const Mapping& mapping) const {
    const uint64_t virt = mapping.virtual_base.value;
    const uint64_t phys = mapping.physical_base.value;
    if (!is_aligned(virt | phys | mapping.bytes, kPageBytes))
        return fail(ErrorCode::mapping_misaligned, {virt, phys, mapping.bytes});
    if (mapping.bytes == 0)
        return {};
    const uint64_t last = virt + (mapping.bytes - 1);
    const bool one_half = virt >> 63 == last >> 63;
    const unsigned bits = address_bits(mode_.five_level);
    if (last < virt || !one_half || !is_canonical({virt}, bits) || !is_canonical({last}, bits) ||
        phys >= kPhysicalAddressEnd || mapping.bytes > kPhysicalAddressEnd - phys)
        return fail(ErrorCode::mapping_not_canonical, {virt, phys, mapping.bytes});
    return {};
}

Result<PhysAddr> PageMapper::new_table(const FrameRequest& request) {
    const auto frame = frames_->allocate(request);
    if (!frame)
        return frame;
    std::fill_n(table(*frame), kEntriesPerTable, uint64_t{0});
    ++table_frames_;
    return frame;
}

uint64_t* PageMapper::table(PhysAddr address) const {
    return reinterpret_cast<uint64_t*>(frames_->access(address));
}

/// The entry for `address` in the table of `level`, making the tables above it on the way down.
Result<uint64_t*> PageMapper::entry_at(VirtAddr address, unsigned level) {
    PhysAddr current = root_;
    for (unsigned above = levels(); above > level; --above) {
        uint64_t& entry = table(current)[entry_index(address.value, above)];
        if ((entry & kPresent) == 0) {
            const auto lower = TRY(new_table({.pages = 1, .use = MemoryUse::page_tables}));
            // Permissions are the leaf's alone: a table allows all.
            entry = lower.value | kPresent | kWritable;
        } else if ((entry & kPageSize) != 0) {
            return fail(ErrorCode::mapping_exists, {address.value});
        }
        current = {entry & kAddressMask};
    }
    return &table(current)[entry_index(address.value, level)];
}

/// The level whose pages are the largest that fit at the beginning of `mapping`.
unsigned PageMapper::largest_level(const Mapping& mapping) const {
    const uint64_t addresses = mapping.virtual_base.value | mapping.physical_base.value;
    for (unsigned level = mode_.huge_pages ? kHugeLevel : kLargeLevel; level > kSmallLevel; --level)
        if (is_aligned(addresses, entry_bytes(level)) && mapping.bytes >= entry_bytes(level))
            return level;
    return kSmallLevel;
}

Result<void> PageMapper::map(const Mapping& mapping) {
    TRY(check(mapping));
    Mapping rest = mapping;
    while (rest.bytes != 0) {
        const unsigned level = largest_level(rest);
        const auto first = TRY(entry_at(rest.virtual_base, level));
        // All that this table holds of pages of this size, without walking down again: a larger
        // page can begin no earlier than in the next table.
        const uint64_t page = entry_bytes(level);
        const std::size_t left = kEntriesPerTable - entry_index(rest.virtual_base.value, level);
        const uint64_t count = std::min<uint64_t>(left, rest.bytes / page);
        uint64_t entry = leaf(rest, level);
        for (uint64_t i = 0; i < count; ++i, entry += page) {
            if ((first[i] & kPresent) != 0)
                return fail(ErrorCode::mapping_exists, {rest.virtual_base.value + i * page});
            first[i] = entry;
        }
        rest.virtual_base = rest.virtual_base + count * page;
        rest.physical_base = rest.physical_base + count * page;
        rest.bytes -= count * page;
    }
    return {};
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
#include "page_tables.hpp"

namespace conformance {

Leaf PageTables::descend(const Leaf& above, uint64_t entry, unsigned level, unsigned index) const {
    const uint64_t bytes = page_bytes(level);
    const uint64_t pat_bit = level > 1 ? entry >> 12 & 1 : entry >> 7 & 1;
    uint64_t address = above.address + index * bytes;
    if (level == levels_ && index >= kEntries / 2)
        address |= ~uint64_t{0} << (12 + 9 * levels_); // canonical
    return {.present = (entry & 1) != 0,
            .address = address,
            .physical = entry & kAddressMask & ~(bytes - 1),
            .bytes = bytes,
            .writable = above.writable && (entry & 2) != 0,
            .executable = above.executable && entry >> 63 == 0,
            .user = above.user && (entry & 4) != 0,
            .pat_entry = static_cast<unsigned>(pat_bit << 2 | (entry >> 3 & 3))};
}

Leaf PageTables::translate(uint64_t address) const {
    Leaf leaf{.present = true};
    uint64_t table = root_;
    for (unsigned level = levels_; level > 0; --level) {
        const auto index = static_cast<unsigned>(address / page_bytes(level) % kEntries);
        const uint64_t value = entry(table, index);
        leaf = descend(leaf, value, level, index);
        if (!leaf.present)
            return leaf;
        if (is_page(value, level)) {
            leaf.physical += address % leaf.bytes;
            return leaf;
        }
        table = value & kAddressMask;
    }
    return leaf;
}

} // namespace conformance

// SPDX-License-Identifier: BSD-2-Clause
#include "page_tables.hpp"

Translation PageTables::descend(Translation above, uint64_t entry, unsigned level) {
    const uint64_t bytes = page_bytes(level);
    const bool large = level > 1;
    const uint64_t pat_bit = large ? entry >> 12 & 1 : entry >> 7 & 1;
    return {.present = (entry & 1) != 0,
            .physical = entry & kAddressMask & ~(bytes - 1),
            .page_bytes = bytes,
            .writable = above.writable && (entry & 2) != 0,
            .executable = above.executable && entry >> 63 == 0,
            .user = above.user && (entry & 4) != 0,
            .pat_entry = static_cast<unsigned>(pat_bit << 2 | (entry >> 3 & 3))};
}

Translation PageTables::translate(uint64_t address) const {
    Translation result{.present = true};
    uint64_t table = root_;
    for (unsigned level = kLevels; level > 0; --level) {
        const auto index = static_cast<unsigned>(address / page_bytes(level) % kEntries);
        const uint64_t value = entry(table, index);
        result = descend(result, value, level);
        if (!result.present)
            return result;
        if (is_page(value, level)) {
            result.physical += address % result.page_bytes;
            return result;
        }
        table = value & kAddressMask;
    }
    return result;
}

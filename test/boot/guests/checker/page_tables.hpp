// SPDX-License-Identifier: BSD-2-Clause
//
// Walks 4-level page tables in software (Intel SDM 3A section 4.5), through the direct map.
#pragma once

#include <cstdint>

/// Where a virtual address leads to.
struct Translation {
    bool present = false;
    uint64_t physical = 0;      // of the address itself
    uint64_t page_bytes = 4096; // of the page around it; of the hole where it is not present
    bool writable = true;
    bool executable = true;
    bool user = true;
    unsigned pat_entry = 0; // which entry of the PAT gives its memory type
};

class PageTables {
  public:
    /// `cr3` as the register holds it.
    PageTables(uint64_t cr3, uint64_t direct_map_base)
        : root_(cr3 & kAddressMask),
          direct_map_base_(direct_map_base) {}

    Translation translate(uint64_t address) const;

    /// Calls `leaf(virtual_address, Translation)` for each page that is mapped, in ascending order.
    template<class Leaf>
    void for_each_page(Leaf leaf) const {
        walk(root_, kLevels, 0, Translation{.present = true}, leaf, [](uint64_t) {});
    }
    /// Calls `table(physical)` for each page table, the root first.
    template<class Table>
    void for_each_table(Table table) const {
        walk(root_, kLevels, 0, Translation{.present = true}, [](uint64_t, Translation) {}, table);
    }

  private:
    static constexpr unsigned kLevels = 4;
    static constexpr unsigned kEntries = 512;
    static constexpr uint64_t kAddressMask = 0x000f'ffff'ffff'f000;

    static constexpr uint64_t page_bytes(unsigned level) { return uint64_t{1} << (3 + 9 * level); }

    /// `above` with what an entry of `level` adds to it: not present, a table, or a page.
    static Translation descend(Translation above, uint64_t entry, unsigned level);
    static bool is_page(uint64_t entry, unsigned level) {
        return level == 1 || (entry & 0x80) != 0;
    }
    uint64_t entry(uint64_t table, unsigned index) const {
        return reinterpret_cast<const uint64_t*>(direct_map_base_ + table)[index];
    }

    template<class Leaf, class Table>
    void walk(uint64_t table, unsigned level, uint64_t base, Translation above, Leaf leaf,
              Table each_table) const {
        each_table(table);
        for (unsigned i = 0; i < kEntries; ++i) {
            const uint64_t value = entry(table, i);
            const Translation below = descend(above, value, level);
            if (!below.present)
                continue;
            uint64_t address = base + i * page_bytes(level);
            if (level == kLevels && i >= kEntries / 2)
                address |= 0xffff'0000'0000'0000;
            if (is_page(value, level))
                leaf(address, below);
            else
                walk(value & kAddressMask, level - 1, address, below, leaf, each_table);
        }
    }

    uint64_t root_;
    uint64_t direct_map_base_;
};

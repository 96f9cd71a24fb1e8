// SPDX-License-Identifier: BSD-2-Clause
//
// Walks 4- and 5-level page tables in software (Intel SDM 3A section 4.5), through the direct map.
#pragma once

#include <cstdint>

namespace conformance {

/// A page, or where a translation ended without one.
struct Leaf {
    bool present = false;
    uint64_t address = 0;  // virtual, of the page's first byte
    uint64_t physical = 0; // of the same; translate(): of the address asked for
    uint64_t bytes = 4096;
    bool writable = true; // as all levels together allow
    bool executable = true;
    bool user = true;
    unsigned pat_entry = 0; // the entry of the PAT that gives its memory type
};

class PageTables {
  public:
    /// `root`: a CR3 value. `levels`: 4 or 5.
    PageTables(uint64_t root, unsigned levels, uint64_t direct_map_base)
        : root_(root & kAddressMask),
          levels_(levels),
          direct_map_base_(direct_map_base) {}

    Leaf translate(uint64_t address) const;

    /// Calls `visit(const Leaf&)` for each page that is mapped, in ascending order.
    template<class Visit>
    void for_each_page(Visit visit) const {
        walk(root_, levels_, Leaf{.present = true}, visit, [](uint64_t) { return true; });
    }
    /// Calls `visit(physical)` for each page table before it is read, which it is if `visit`
    /// returns true.
    template<class Visit>
    void for_each_table(Visit visit) const {
        walk(root_, levels_, Leaf{.present = true}, [](const Leaf&) {}, visit);
    }

  private:
    static constexpr unsigned kEntries = 512;
    static constexpr uint64_t kAddressMask = 0x000f'ffff'ffff'f000;

    static constexpr uint64_t page_bytes(unsigned level) { return uint64_t{1} << (3 + 9 * level); }
    static bool is_page(uint64_t entry, unsigned level) {
        return level == 1 || (entry & 0x80) != 0;
    }
    /// `above` with what entry `index` of a table of `level` adds to it.
    Leaf descend(const Leaf& above, uint64_t entry, unsigned level, unsigned index) const;
    uint64_t entry(uint64_t table, unsigned index) const {
        return reinterpret_cast<const volatile uint64_t*>(direct_map_base_ + table)[index];
    }

    template<class Page, class Table>
    void walk(uint64_t table, unsigned level, const Leaf& above, Page page, Table is_wanted) const {
        if (!is_wanted(table))
            return;
        for (unsigned i = 0; i < kEntries; ++i) {
            const uint64_t value = entry(table, i);
            const Leaf below = descend(above, value, level, i);
            if (!below.present)
                continue;
            if (is_page(value, level))
                page(below);
            else
                walk(value & kAddressMask, level - 1, below, page, is_wanted);
        }
    }

    uint64_t root_;
    unsigned levels_;
    uint64_t direct_map_base_;
};

} // namespace conformance

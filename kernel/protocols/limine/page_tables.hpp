// SPDX-License-Identifier: BSD-2-Clause
//
// The page tables that the kernel was given, read in the direct map: Intel SDM 3A section 4.5.
#pragma once

#include <cstdint>

struct Page {
    bool is_there;
    uint64_t physical;
    uint64_t bytes; // of the page
    bool is_writable;
    bool is_executable;
    unsigned pat_index;
};

class PageTables {
  public:
    PageTables(uint64_t cr3, unsigned levels, uint64_t direct_map)
        : root_(cr3 & ~uint64_t{0xfff}),
          levels_(levels),
          direct_map_(direct_map) {}

    Page find(uint64_t address) const;
    /// Makes a page of 4 KiB show other memory, uncached. Whether there is one.
    bool show(uint64_t address, uint64_t physical) const;
    /// The address of a page that can be both written to and executed; 0: there is none.
    uint64_t find_writable_and_executable() const { return search(root_, levels_, 0); }

  private:
    uint64_t search(uint64_t table, unsigned level, uint64_t base) const;
    uint64_t entry(uint64_t table, uint64_t index) const {
        return reinterpret_cast<const uint64_t*>(direct_map_ + table)[index];
    }

    uint64_t root_;
    unsigned levels_;
    uint64_t direct_map_;
};

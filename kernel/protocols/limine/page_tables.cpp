// SPDX-License-Identifier: BSD-2-Clause
#include "page_tables.hpp"

namespace {

constexpr uint64_t kPresent = 1, kWritable = 2, kUncached = 0x18, kLarge = 1 << 7;
constexpr uint64_t kNoExecute = uint64_t{1} << 63;
constexpr uint64_t kAddress = 0x000f'ffff'ffff'f000;

constexpr uint64_t bytes_of(unsigned level) {
    return uint64_t{4096} << 9 * (level - 1);
}

Page page_of(uint64_t entry, unsigned level, uint64_t address) {
    const uint64_t bytes = bytes_of(level);
    const unsigned pat_bit = level == 1 ? 7 : 12;
    return {.is_there = true,
            .physical = (entry & kAddress & ~(bytes - 1)) + (address & (bytes - 1)),
            .bytes = bytes,
            .is_writable = (entry & kWritable) != 0,
            .is_executable = (entry & kNoExecute) == 0,
            .pat_index = static_cast<unsigned>((entry >> 3 & 3) | (entry >> pat_bit & 1) << 2)};
}

bool is_leaf(uint64_t entry, unsigned level) {
    return level == 1 || (level < 4 && (entry & kLarge) != 0);
}

} // namespace

Page PageTables::find(uint64_t address) const {
    uint64_t table = root_;
    for (unsigned level = levels_; level != 0; --level) {
        const uint64_t found = entry(table, address / bytes_of(level) % 512);
        if ((found & kPresent) == 0)
            break;
        if (is_leaf(found, level))
            return page_of(found, level, address);
        table = found & kAddress;
    }
    return {};
}

bool PageTables::show(uint64_t address, uint64_t physical) const {
    uint64_t table = root_;
    for (unsigned level = levels_; level != 1; --level) {
        const uint64_t found = entry(table, address / bytes_of(level) % 512);
        if ((found & kPresent) == 0 || is_leaf(found, level))
            return false;
        table = found & kAddress;
    }
    auto* const entries = reinterpret_cast<volatile uint64_t*>(direct_map_ + table);
    entries[address / bytes_of(1) % 512] = physical | kPresent | kWritable | kUncached | kNoExecute;
    asm volatile("invlpg (%0)" : : "r"(address) : "memory");
    return true;
}

uint64_t PageTables::search(uint64_t table, unsigned level, uint64_t base) const {
    for (uint64_t i = 0; i < 512; ++i) {
        const uint64_t found = entry(table, i);
        const uint64_t address = base + i * bytes_of(level);
        if ((found & kPresent) == 0)
            continue;
        if (!is_leaf(found, level)) {
            if (const uint64_t below = search(found & kAddress, level - 1, address))
                return below;
        } else if (const Page page = page_of(found, level, address);
                   page.is_writable && page.is_executable) {
            return address;
        }
    }
    return 0;
}

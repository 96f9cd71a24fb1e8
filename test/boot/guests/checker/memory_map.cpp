// SPDX-License-Identifier: BSD-2-Clause
//
// What the memory map says.
#include "context.hpp"
#include "cpu.hpp"

uint32_t Context::memory_type(uint64_t physical) const {
    for (const BatonMemoryRange& range : view().memory_map())
        if (physical - range.base_physical < range.bytes)
            return range.type;
    return 0;
}

bool Context::is_all(uint64_t physical, uint64_t bytes, uint32_t type) const {
    const uint64_t end = physical + bytes;
    for (const BatonMemoryRange& range : view().memory_map())
        if (range.type == type && physical - range.base_physical < range.bytes)
            physical = range.base_physical + range.bytes; // the map is sorted
    return physical >= end;
}

void fill_usable_memory(const Context& context) {
    for (const BatonMemoryRange& range : context.view().memory_map())
        if (range.type == BATON_MEMORY_USABLE)
            fill_words(context.info.direct_map_base + range.base_physical, kRubbish,
                       range.bytes / sizeof(uint64_t));
}

// SPDX-License-Identifier: BSD-2-Clause
//
// Memory by its address, also such as may not be mapped.
#pragma once

#include "paging/page_walk.hpp"

#include <cstdint>
#include <cstring>

namespace baton::stage2 {

inline uint64_t address_of(const void* object) {
    return reinterpret_cast<uint64_t>(object);
}

/// `destination` may be mapped read-only: CR0.WP is off while stage 2 copies.
inline void copy_bytes(uint64_t destination, uint64_t source, uint64_t count) {
    std::memcpy(reinterpret_cast<void*>(destination), reinterpret_cast<const void*>(source), count);
}
inline void zero_bytes(uint64_t destination, uint64_t count) {
    std::memset(reinterpret_cast<void*>(destination), 0, count);
}

/// MAXPHYADDR (Intel SDM 3A section 4.1.4): processors with long mode have the leaf.
unsigned physical_bits();

/// From a physical address to where it is mapped: by the caller's page tables, or the record's.
uint64_t physical_offset();

MemoryReader physical_memory();
MemoryReader virtual_memory();
MemoryReader unreadable_memory(); // that of page tables which stage 2 can't walk

} // namespace baton::stage2

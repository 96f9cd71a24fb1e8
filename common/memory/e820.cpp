// SPDX-License-Identifier: BSD-2-Clause
#include "memory/e820.hpp"

#include <algorithm>

namespace baton {

BatonMemoryType e820_memory_type(uint32_t type) {
    switch (type) {
    case kE820Memory:
        return BATON_MEMORY_USABLE;
    case 3: // AddressRangeACPI
        return BATON_MEMORY_ACPI_RECLAIMABLE;
    case 4: // AddressRangeNVS
        return BATON_MEMORY_ACPI_NVS;
    case 5: // AddressRangeUnusable
        return BATON_MEMORY_BAD;
    case 7: // AddressRangePersistentMemory
        return BATON_MEMORY_PERSISTENT;
    default: // reserved, disabled, and types yet to come
        return BATON_MEMORY_RESERVED;
    }
}

TypedRange e820_typed_range(uint64_t base, uint64_t bytes, uint32_t type) {
    PhysRange range{};
    if (base < kPhysicalAddressEnd)
        range = {{base}, std::min(bytes, kPhysicalAddressEnd - base)};
    return {.range = range, .type = e820_memory_type(type), .firmware_type = type};
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
#include "memory/e820.hpp"

#include <algorithm>

namespace baton {
namespace {

uint32_t e820_type(BatonMemoryType type) {
    switch (type) {
    case BATON_MEMORY_USABLE:
    case BATON_MEMORY_LOADER_RECLAIMABLE:
    case BATON_MEMORY_KERNEL_AND_MODULES:
        return kE820Memory;
    case BATON_MEMORY_ACPI_RECLAIMABLE:
        return kE820Acpi;
    case BATON_MEMORY_ACPI_NVS:
        return kE820Nvs;
    case BATON_MEMORY_BAD:
        return kE820Unusable;
    case BATON_MEMORY_PERSISTENT:
        return kE820Persistent;
    default:
        return kE820Reserved;
    }
}

} // namespace

BatonMemoryType e820_memory_type(uint32_t type) {
    switch (type) {
    case kE820Memory:
        return BATON_MEMORY_USABLE;
    case kE820Acpi:
        return BATON_MEMORY_ACPI_RECLAIMABLE;
    case kE820Nvs:
        return BATON_MEMORY_ACPI_NVS;
    case kE820Unusable:
        return BATON_MEMORY_BAD;
    case kE820Persistent:
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

std::span<E820Entry> write_e820(std::span<const NormalisedRange> map,
                                std::span<E820Entry> entries) {
    std::size_t count = 0;
    for (const NormalisedRange& part : map) {
        const uint32_t type = e820_type(part.type);
        E820Entry* const last = count == 0 ? nullptr : &entries[count - 1];
        if (last != nullptr && last->type == type &&
            last->base + last->bytes == part.range.base.value)
            last->bytes += part.range.bytes;
        else
            entries[count++] = {part.range.base.value, part.range.bytes, type, 0};
    }
    return entries.first(count);
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
#include "memory/efi_map.hpp"

#include <algorithm>

namespace baton {

PhysRange efi_range(const EfiMemoryDescriptor& descriptor) {
    const uint64_t start = descriptor.physical_start;
    if (start >= kPhysicalAddressEnd)
        return {};
    const uint64_t pages_left = (kPhysicalAddressEnd - start) / kPageBytes;
    return {{start}, std::min(descriptor.number_of_pages, pages_left) * kPageBytes};
}

BatonMemoryType efi_memory_type(const EfiMemoryDescriptor& descriptor) {
    constexpr uint64_t kEfiMemorySpecialPurpose = 0x40000;
    switch (descriptor.type) { // the numbers of EFI_MEMORY_TYPE, UEFI 2.10 section 7.2.1
    case 1:                    // EfiLoaderCode
    case 2:                    // EfiLoaderData
        return BATON_MEMORY_LOADER_RECLAIMABLE;
    case 3: // EfiBootServicesCode
    case 4: // EfiBootServicesData
    case kEfiConventionalMemory:
        // Memory that the firmware's runtime half goes on using, or that is set aside for some
        // driver (UEFI 2.10 section 7.2.3, EFI_MEMORY_SP), is not for general use.
        if (descriptor.attribute & kEfiMemoryRuntime)
            return BATON_MEMORY_RUNTIME_SERVICES;
        if (descriptor.attribute & kEfiMemorySpecialPurpose)
            return BATON_MEMORY_SPECIAL_PURPOSE;
        return BATON_MEMORY_USABLE;
    case 5: // EfiRuntimeServicesCode
    case 6: // EfiRuntimeServicesData
        return BATON_MEMORY_RUNTIME_SERVICES;
    case 8: // EfiUnusableMemory
        return BATON_MEMORY_BAD;
    case 9: // EfiACPIReclaimMemory
        return BATON_MEMORY_ACPI_RECLAIMABLE;
    case 10: // EfiACPIMemoryNVS
        return BATON_MEMORY_ACPI_NVS;
    case 14: // EfiPersistentMemory
        return BATON_MEMORY_PERSISTENT;
    case 15: // EfiUnacceptedMemoryType
        return BATON_MEMORY_UNACCEPTED;
    default: // reserved, memory-mapped I/O, PAL code, and types yet to come
        return BATON_MEMORY_RESERVED;
    }
}

TypedRange efi_typed_range(const EfiMemoryDescriptor& descriptor) {
    return {.range = efi_range(descriptor),
            .type = efi_memory_type(descriptor),
            .firmware_type = descriptor.type,
            .attributes = descriptor.attribute};
}

bool efi_is_cacheable(const EfiMemoryDescriptor& descriptor) {
    const BatonMemoryType type = efi_memory_type(descriptor);
    return (descriptor.attribute & kEfiMemoryWb) != 0 && type != BATON_MEMORY_RESERVED &&
           type != BATON_MEMORY_BAD && type != BATON_MEMORY_UNACCEPTED;
}

bool efi_is_reserved_ram(const EfiMemoryDescriptor& descriptor) {
    constexpr uint32_t kEfiReservedMemoryType = 0;
    return descriptor.type == kEfiReservedMemoryType && (descriptor.attribute & kEfiMemoryWb) != 0;
}

std::span<PhysRange> efi_cacheable_ranges(const EfiMemoryMap& map, std::span<PhysRange> ranges) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < map.size() && count < ranges.size(); ++i)
        if (efi_is_cacheable(map[i]))
            ranges[count++] = efi_range(map[i]);
    return ranges.first(count);
}

std::span<PhysRange> efi_reserved_parts(const EfiMemoryMap& map, std::span<const PhysRange> wanted,
                                        std::span<PhysRange> ranges) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < map.size(); ++i) {
        if (!efi_is_reserved_ram(map[i]))
            continue;
        const PhysRange reserved = efi_range(map[i]);
        for (const PhysRange& range : wanted) {
            if (!range.overlaps(reserved) || count == ranges.size())
                continue;
            const PhysAddr base = std::max(range.base, reserved.base);
            ranges[count++] = {base, std::min(range.end(), reserved.end()) - base};
        }
    }
    return ranges.first(count);
}

} // namespace baton

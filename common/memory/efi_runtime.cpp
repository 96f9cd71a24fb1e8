// SPDX-License-Identifier: BSD-2-Clause
#include "memory/efi_runtime.hpp"

#include <cstddef>
#include <cstring>
#include <optional>

namespace baton {
namespace {

constexpr uint32_t kEfiRuntimeServicesCode = 5;
constexpr uint32_t kEfiRuntimeServicesData = 6;
constexpr uint64_t kEfiMemoryXp = 0x4000;
constexpr uint64_t kEfiMemoryRo = 0x20000;

bool is_runtime(const EfiMemoryDescriptor& descriptor) {
    return (descriptor.attribute & kEfiMemoryRuntime) != 0;
}

/// Nothing where they don't say: the code may then be written to.
std::optional<RuntimeUse> use_by(const EfiMemoryDescriptor& of_table) {
    if (of_table.type != kEfiRuntimeServicesCode && of_table.type != kEfiRuntimeServicesData)
        return {};
    switch (of_table.attribute & (kEfiMemoryRo | kEfiMemoryXp)) {
    case kEfiMemoryRo:
        return RuntimeUse::code_read_execute;
    case kEfiMemoryXp:
        return RuntimeUse::code_read_write;
    case kEfiMemoryRo | kEfiMemoryXp:
        return RuntimeUse::code_read_only;
    default:
        return {};
    }
}

} // namespace

uint64_t MemoryAttributesTable::bytes(const Header& header) {
    constexpr uint32_t kMostEntries = 4096;
    constexpr uint32_t kLargestDescriptor = 256;
    const bool is_sound = header.descriptor_size >= sizeof(EfiMemoryDescriptor) &&
                          header.descriptor_size <= kLargestDescriptor &&
                          header.number_of_entries <= kMostEntries;
    return is_sound ? sizeof header + uint64_t{header.number_of_entries} * header.descriptor_size
                    : 0;
}

EfiMemoryMap MemoryAttributesTable::descriptors(Bytes table) {
    if (table.size() < sizeof(Header))
        return {{}, sizeof(EfiMemoryDescriptor)};
    return {table.subspan(sizeof(Header)), read_at<Header>(table, 0).descriptor_size};
}

std::span<RuntimeRange> efi_runtime_ranges(const EfiMemoryMap& map, const EfiMemoryMap& attributes,
                                           std::span<RuntimeRange> ranges) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < map.size(); ++i) {
        const EfiMemoryDescriptor descriptor = map[i];
        if (!is_runtime(descriptor))
            continue;
        if (!efi_is_cacheable(descriptor))
            ranges[count++] = {efi_range(descriptor), RuntimeUse::device};
        else if (descriptor.type == kEfiRuntimeServicesCode)
            ranges[count++] = {efi_range(descriptor), RuntimeUse::code};
    }
    for (std::size_t i = 0; i < attributes.size(); ++i)
        if (const auto use = use_by(attributes[i]))
            ranges[count++] = {efi_range(attributes[i]), *use};
    return ranges.first(count);
}

void set_virtual_starts(std::span<std::byte> map, uint64_t descriptor_bytes, VirtAddr direct_map) {
    const EfiMemoryMap descriptors(map, descriptor_bytes);
    for (std::size_t i = 0; i < descriptors.size(); ++i) {
        const uint64_t address = direct_map.value + descriptors[i].physical_start;
        std::memcpy(map.data() + i * descriptor_bytes +
                        offsetof(EfiMemoryDescriptor, virtual_start),
                    &address, sizeof address);
    }
}

std::size_t efi_runtime_map(const EfiMemoryMap& map, std::span<std::byte> into) {
    std::size_t used = 0;
    for (std::size_t i = 0; i < map.size(); ++i) {
        if (!is_runtime(map[i]))
            continue;
        std::memcpy(into.data() + used, map.at(i).data(), map.descriptor_bytes());
        used += map.descriptor_bytes();
    }
    return used;
}

} // namespace baton

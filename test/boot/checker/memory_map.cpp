// SPDX-License-Identifier: BSD-2-Clause
//
// The memory map, and what the firmware's own says to it.
#include "context.hpp"
#include "cpu.hpp"

#include <span>

namespace {

constexpr uint64_t kPageBytes = 4096;
constexpr uint64_t kMiB = uint64_t{1} << 20;

/// EFI_MEMORY_DESCRIPTOR (UEFI 2.10 section 7.2.3).
struct EfiDescriptor {
    uint32_t type;
    uint32_t padding;
    uint64_t physical_start;
    uint64_t virtual_start;
    uint64_t pages;
    uint64_t attribute;

    uint64_t end() const { return physical_start + pages * kPageBytes; }
};

// EFI_MEMORY_TYPE: what is free once boot services are gone (UEFI 2.10 table 7.10).
constexpr uint32_t kEfiLoaderCode = 1;
constexpr uint32_t kEfiBootServicesData = 4;
constexpr uint32_t kEfiConventional = 7;

bool is_free_after_exit(uint32_t efi_type) {
    return (efi_type >= kEfiLoaderCode && efi_type <= kEfiBootServicesData) ||
           efi_type == kEfiConventional;
}

bool is_memory(uint32_t type) {
    return type >= BATON_MEMORY_USABLE && type <= BATON_MEMORY_RUNTIME_SERVICES;
}

void check_order(Context& context) {
    Promise promise(context.tally, "memory_map_sorted_disjoint_aligned");
    uint64_t end = 0;
    uint32_t type = 0;
    for (const BatonMemoryRange& range : context.view().memory_map()) {
        promise.expect(range.base_physical >= end, "sorted, and no overlap", range.base_physical,
                       end);
        promise.expect(range.base_physical != end || range.type != type,
                       "ranges that touch differ in type", range.base_physical, type);
        promise.expect(range.base_physical % kPageBytes == 0 && range.bytes % kPageBytes == 0,
                       "whole pages", range.base_physical, range.bytes);
        promise.expect(range.bytes != 0 && range.base_physical + range.bytes > range.base_physical,
                       "not empty, no wrap", range.base_physical, range.bytes);
        promise.expect(range.type >= BATON_MEMORY_USABLE && range.type <= BATON_MEMORY_RESERVED,
                       "a type of the boot protocol", range.base_physical, range.type);
        promise.expect_equal(range.reserved, 0, "the reserved field");
        end = range.base_physical + range.bytes;
        type = range.type;
    }
}

void check_total(Context& context) {
    Promise promise(context.tally, "memory_map_covers_all_memory");
    // What the firmware may hide for itself: flash shadows, SMM, a stolen megabyte.
    constexpr uint64_t kHiddenMiB = 4;
    uint64_t total = 0;
    uint64_t usable = 0;
    for (const BatonMemoryRange& range : context.view().memory_map()) {
        if (is_memory(range.type))
            total += range.bytes;
        if (range.type == BATON_MEMORY_USABLE)
            usable += range.bytes;
    }
    const uint64_t wanted = context.parameters.memory_mib;
    promise.expect(total / kMiB <= wanted && total / kMiB + kHiddenMiB >= wanted, "MiB of memory",
                   total / kMiB, wanted);
    promise.expect(usable > 0, "some is usable", usable);
}

void check_against_firmware(Context& context) {
    Promise promise(context.tally, "usable_memory_is_free_for_the_firmware_too");
    const BatonBootInfo& info = context.info;
    promise.expect_equal(info.firmware_descriptor_version, 1, "EFI_MEMORY_DESCRIPTOR_VERSION");
    promise.expect(info.firmware_descriptor_bytes >= sizeof(EfiDescriptor), "descriptor size",
                   info.firmware_descriptor_bytes);
    promise.expect(info.firmware_memory_map_bytes != 0 &&
                       info.firmware_memory_map_bytes % info.firmware_descriptor_bytes == 0,
                   "whole descriptors", info.firmware_memory_map_bytes);
    const auto count =
        static_cast<uint32_t>(info.firmware_memory_map_bytes / info.firmware_descriptor_bytes);
    for (uint32_t i = 0; i < count; ++i) {
        const auto& descriptor = *static_cast<const EfiDescriptor*>(
            baton_array_entry(info.firmware_memory_map, info.firmware_descriptor_bytes, i));
        if (is_free_after_exit(descriptor.type))
            continue;
        for (const BatonMemoryRange& range : context.view().memory_map())
            promise.expect(range.type != BATON_MEMORY_USABLE ||
                               descriptor.end() <= range.base_physical ||
                               range.base_physical + range.bytes <= descriptor.physical_start,
                           "a usable range is nothing else", range.base_physical, descriptor.type);
    }
}

/// A hypervisor's first guest runs on them: they last until the kernel gives them up.
void check_firmware_page_tables(Context& context) {
    Promise promise(context.tally, "firmware_page_tables_not_usable");
    const PageTables firmware(context.info.firmware_cr3, context.info.direct_map_base);
    firmware.for_each_table([&](uint64_t table) {
        promise.expect(context.memory_type(table) != BATON_MEMORY_USABLE, "a table is kept", table);
    });
}

} // namespace

uint32_t Context::memory_type(uint64_t physical) const {
    for (const BatonMemoryRange& range : view().memory_map())
        if (physical - range.base_physical < range.bytes)
            return range.type;
    return 0;
}

bool Context::is_all(uint64_t physical, uint64_t bytes, uint32_t type) const {
    for (const BatonMemoryRange& range : view().memory_map()) {
        const uint64_t offset = physical - range.base_physical;
        if (offset < range.bytes)
            return range.type == type && bytes <= range.bytes - offset;
    }
    return false;
}

void check_memory_map(Context& context) {
    check_order(context);
    check_total(context);
    check_against_firmware(context);
    check_firmware_page_tables(context);
}

void fill_usable_memory(const Context& context) {
    for (const BatonMemoryRange& range : context.view().memory_map())
        if (range.type == BATON_MEMORY_USABLE)
            fill_words(context.info.direct_map_base + range.base_physical, kRubbish,
                       range.bytes / sizeof(uint64_t));
}

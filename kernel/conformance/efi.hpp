// SPDX-License-Identifier: BSD-2-Clause
//
// The structures of UEFI 2.10 that BootInfo leads to.
#pragma once

#include <baton/boot_info.hpp>

#include <cstdint>

namespace conformance::efi {

/// EFI_MEMORY_DESCRIPTOR (section 7.2.3).
struct MemoryDescriptor {
    uint32_t type;
    uint32_t padding;
    uint64_t physical_start;
    uint64_t virtual_start;
    uint64_t number_of_pages;
    uint64_t attribute;

    uint64_t end() const { return physical_start + number_of_pages * 4096; }
};

inline constexpr uint64_t kMemoryRuntime = uint64_t{1} << 63; // EFI_MEMORY_RUNTIME
inline constexpr uint64_t kMemorySpecialPurpose = 0x40000;    // EFI_MEMORY_SP

/// Whether memory of this type is the kernel's once boot services are gone (table 7.10).
inline bool is_free_after_exit(const MemoryDescriptor& descriptor) {
    constexpr uint32_t kLoaderCode = 1;
    constexpr uint32_t kBootServicesData = 4;
    constexpr uint32_t kConventional = 7;
    const bool is_free_type =
        (descriptor.type >= kLoaderCode && descriptor.type <= kBootServicesData) ||
        descriptor.type == kConventional;
    return is_free_type && (descriptor.attribute & (kMemoryRuntime | kMemorySpecialPurpose)) == 0;
}

/// Empty where the firmware is not UEFI.
inline baton::EntryRange<MemoryDescriptor> memory_map(const BatonBootInfo& info) {
    const uint64_t entry_bytes = info.firmware_descriptor_bytes;
    const uint64_t count = entry_bytes == 0 ? 0 : info.firmware_memory_map_bytes / entry_bytes;
    return {info.firmware_memory_map, static_cast<uint32_t>(count), info.firmware_descriptor_bytes};
}

/// EFI_TABLE_HEADER (section 4.2) and EFI_SYSTEM_TABLE (section 4.3).
struct SystemTable {
    uint64_t signature;
    uint32_t revision;
    uint32_t header_bytes;
    uint32_t crc32;
    uint32_t reserved;
    uint64_t firmware_vendor;
    uint32_t firmware_revision;
    uint32_t padding;
    uint64_t console[6];
    uint64_t runtime_services;
    uint64_t boot_services;
    uint64_t table_count;
    uint64_t tables; // ConfigurationTable[]
};
static_assert(sizeof(SystemTable) == 120);

/// EFI_CONFIGURATION_TABLE (section 4.6).
struct ConfigurationTable {
    BatonGuid guid;
    uint64_t table;
};
static_assert(sizeof(ConfigurationTable) == 24);

using Status = uint64_t;
inline constexpr Status kSuccess = 0;
inline constexpr Status kUnsupported = uint64_t{1} << 63 | 3;
inline constexpr Status kNotFound = uint64_t{1} << 63 | 14;

/// EFI_TIME (section 8.3).
struct Time {
    uint16_t year;
    uint8_t month, day, hour, minute, second, padding1;
    uint32_t nanosecond;
    int16_t time_zone;
    uint8_t daylight, padding2;
};
static_assert(sizeof(Time) == 16);

/// EFI_RUNTIME_SERVICES (section 4.5), as far as it is called here.
struct RuntimeServices {
    uint8_t header[24];
    Status(__attribute__((ms_abi)) * get_time)(Time* time, void* capabilities);
    void* others[5];
    Status(__attribute__((ms_abi)) * get_variable)(const char16_t* name, const BatonGuid* vendor,
                                                   uint32_t* attributes, uint64_t* bytes,
                                                   void* data);
    void* get_next_variable_name;
    Status(__attribute__((ms_abi)) * set_variable)(const char16_t* name, const BatonGuid* vendor,
                                                   uint32_t attributes, uint64_t bytes,
                                                   const void* data);
};
static_assert(sizeof(RuntimeServices) == 96);

inline constexpr uint64_t kSystemTableSignature = 0x5453'5953'2049'4249; // "IBI SYST"

} // namespace conformance::efi

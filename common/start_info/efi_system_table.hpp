// SPDX-License-Identifier: BSD-2-Clause
//
// The system table of 64-bit UEFI firmware as it lies in memory: UEFI 2.10 sections 4.2, 4.3 and
// 4.6.
#pragma once

#include <array>
#include <cstdint>

namespace baton {

/// EFI_TABLE_HEADER.
struct EfiTableHeader {
    uint64_t signature;
    uint32_t revision, bytes, crc32, reserved;
};

/// EFI_SYSTEM_TABLE.
struct EfiSystemTable {
    uint64_t signature;
    uint32_t revision, header_bytes, crc32, reserved;
    uint64_t firmware_vendor;
    uint32_t firmware_revision, padding;
    uint64_t consoles[6];
    uint64_t runtime_services, boot_services;
    uint64_t table_count;
    uint64_t tables; // EfiConfigurationTable[]
};
static_assert(sizeof(EfiSystemTable) == 120);
inline constexpr uint64_t kEfiSystemTableSignature = 0x5453'5953'2049'4249; // "IBI SYST"
inline constexpr uint64_t kMostEfiTables = 1024;                            // more are no list

/// As EFI_GUID lies in memory.
using EfiGuid = std::array<uint8_t, 16>;

/// A GUID as it is written, the last eight bytes in one number.
constexpr EfiGuid efi_guid(uint32_t a, uint16_t b, uint16_t c, uint64_t d) {
    EfiGuid guid{};
    for (unsigned i = 0; i < 4; ++i)
        guid[i] = static_cast<uint8_t>(a >> 8 * i);
    for (unsigned i = 0; i < 2; ++i) {
        guid[4 + i] = static_cast<uint8_t>(b >> 8 * i);
        guid[6 + i] = static_cast<uint8_t>(c >> 8 * i);
    }
    for (unsigned i = 0; i < 8; ++i)
        guid[8 + i] = static_cast<uint8_t>(d >> 8 * (7 - i));
    return guid;
}

/// EFI_CONFIGURATION_TABLE.
struct EfiConfigurationTable {
    EfiGuid guid;
    uint64_t table;
};
static_assert(sizeof(EfiConfigurationTable) == 24);

inline constexpr EfiGuid kEfiAcpi20 = efi_guid(0x8868e871, 0xe4f1, 0x11d3, 0xbc22'0080'c73c'8881);
inline constexpr EfiGuid kEfiAcpi10 = efi_guid(0xeb9d2d30, 0x2d88, 0x11d3, 0x9a16'0090'273f'c14d);
inline constexpr EfiGuid kEfiSmbios = efi_guid(0xeb9d2d31, 0x2d88, 0x11d3, 0x9a16'0090'273f'c14d);
inline constexpr EfiGuid kEfiSmbios3 = efi_guid(0xf2fd1544, 0x9794, 0x4a2c, 0x992e'e5bb'cf20'e394);

} // namespace baton

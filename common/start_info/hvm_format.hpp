// SPDX-License-Identifier: BSD-2-Clause
//
// The structures of PVH, which stage 1 may be given, and gives to kernels: Xen's public header
// arch-x86/hvm/start_info.h. All addresses are physical; 0: what they are of isn't there.
#pragma once

#include <cstdint>

namespace baton {

/// HvmStartInfo::magic.
inline constexpr uint32_t kHvmStartMagic = 0x336e'c578;

/// What version 0 has of hvm_start_info.
struct HvmStartInfo {
    uint32_t magic;
    uint32_t version;
    uint32_t flags;
    uint32_t module_count;
    uint64_t modules;
    uint64_t command_line;
    uint64_t rsdp;
};
static_assert(sizeof(HvmStartInfo) == 40);

/// What version 1 adds to it.
struct HvmStartMap {
    uint64_t entries; // of E820Entry
    uint32_t count;
    uint32_t reserved; // 0
};
static_assert(sizeof(HvmStartMap) == 16);

/// hvm_modlist_entry.
struct HvmModule {
    uint64_t address;
    uint64_t bytes;
    uint64_t command_line;
    uint64_t reserved; // 0
};
static_assert(sizeof(HvmModule) == 32);

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// Page-table entries of 4-level and 5-level paging: Intel SDM 3A section 4.5, AMD APM 2
// section 5.3.
#pragma once

#include <cstddef>
#include <cstdint>

namespace baton::paging {

inline constexpr uint64_t kPresent = uint64_t{1} << 0;
inline constexpr uint64_t kWritable = uint64_t{1} << 1;
inline constexpr uint64_t kUser = uint64_t{1} << 2;
inline constexpr uint64_t kWriteThrough = uint64_t{1} << 3; // PWT, bit 0 of the PAT index
inline constexpr uint64_t kCacheDisable = uint64_t{1} << 4; // PCD, bit 1 of the PAT index
inline constexpr uint64_t kPageSize = uint64_t{1} << 7;     // PS: a leaf above the last level
inline constexpr uint64_t kPatSmall = uint64_t{1} << 7;     // bit 2 of the PAT index, 4 KiB pages
inline constexpr uint64_t kPatLarge = uint64_t{1} << 12;    // the same, 2 MiB and 1 GiB pages
inline constexpr uint64_t kNoExecute = uint64_t{1} << 63;

inline constexpr uint64_t kAddressMask = 0x000f'ffff'ffff'f000;
inline constexpr uint64_t kLargeAddressMask = 0x000f'ffff'ffff'e000; // bit 12 is PAT

inline constexpr std::size_t kEntriesPerTable = 512;
// Level 1 holds 4 KiB pages; level 4 (PML4) is the root, or with CR4.LA57 level 5 (PML5).
inline constexpr unsigned kLevels = 4;
inline constexpr unsigned kLevelsLa57 = 5;

/// Bytes that one entry of a level covers: 4 KiB at level 1, 512 GiB at level 4.
constexpr uint64_t entry_bytes(unsigned level) {
    return uint64_t{4096} << (9 * (level - 1));
}

/// Which entry of a level's table translates a virtual address.
constexpr std::size_t entry_index(uint64_t virtual_address, unsigned level) {
    return virtual_address / entry_bytes(level) % kEntriesPerTable;
}

// IA32_PAT as Baton leaves it: the power-on entries (Intel SDM 3A section 11.12.4), but entry 5,
// which is write-through at power-on, is write-combining.
inline constexpr uint64_t kPat = 0x0007'0106'0007'0406;
inline constexpr unsigned kUncacheablePatIndex = 3;    // PCD and PWT set, PAT clear
inline constexpr unsigned kWriteCombiningPatIndex = 5; // PAT and PWT set, PCD clear

} // namespace baton::paging

// SPDX-License-Identifier: BSD-2-Clause
//
// What an entry of a local APIC has in common with one of an I/O APIC: Intel SDM 3A section 10.5.1,
// Intel 82093AA section 3.2.4.
#pragma once

#include <cstdint>

namespace baton::delivery {

inline constexpr uint32_t kMasked = 1 << 16;
// Sets of delivery modes, bits (1 << mode).
inline constexpr uint32_t kOfDevices = 1 << 0 | 1 << 1;               // fixed, lowest priority
inline constexpr uint32_t kInterrupts = kOfDevices | 1 << 4 | 1 << 7; // and NMI, ExtINT

constexpr bool is_one_of(uint32_t entry, uint32_t modes) {
    return (modes >> (entry >> 8 & 7) & 1) != 0;
}

} // namespace baton::delivery

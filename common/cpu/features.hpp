// SPDX-License-Identifier: BSD-2-Clause
//
// What the processor can do.
#pragma once

#include "cpu/constants.hpp"
#include "cpu/instructions.hpp"

#include <cstdint>

namespace baton::cpu {

/// MAXPHYADDR: Intel SDM 3A section 4.1.4.
inline unsigned physical_address_bits() {
    return cpuid(kCpuidExtendedMax).eax >= kCpuidAddressSizes ? cpuid(kCpuidAddressSizes).eax & 0xff
                                                              : 36;
}

/// CPUID 80000001h EDX.
inline uint32_t extended_features() {
    return cpuid(kCpuidExtendedMax).eax >= kCpuidExtendedFeatures
               ? cpuid(kCpuidExtendedFeatures).edx
               : 0;
}
inline bool has_no_execute() {
    return (extended_features() >> kCpuidNx & 1) != 0;
}
inline bool has_huge_pages() {
    return (extended_features() >> kCpuidHugePages & 1) != 0;
}

inline bool has_five_level_paging() {
    return cpuid(0).eax >= kCpuidMoreFeatures &&
           (cpuid(kCpuidMoreFeatures).ecx >> kCpuidLa57 & 1) != 0;
}
inline bool five_level_paging_is_on() {
    return (read_cr4() & kCr4La57) != 0;
}

inline bool has_mtrrs() {
    return (cpuid(kCpuidFeatures).edx >> kCpuidMtrr & 1) != 0;
}

inline bool has_rdrand() {
    return (cpuid(kCpuidFeatures).ecx >> kCpuidRdrand & 1) != 0;
}

} // namespace baton::cpu

// SPDX-License-Identifier: BSD-2-Clause
//
// CPUID and the numbers of MSRs (Intel SDM 4).
#pragma once

#include "cpu.hpp"

#include <cstdint>

namespace conformance {

struct Cpuid {
    uint32_t eax, ebx, ecx, edx;
};

inline Cpuid cpuid(uint32_t leaf, uint32_t subleaf = 0) {
    Cpuid result;
    asm volatile("cpuid"
                 : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
                 : "a"(leaf), "c"(subleaf));
    return result;
}

inline bool has_five_level_paging() {
    constexpr uint32_t kLa57 = 1u << 16; // CPUID 7.0 ECX
    return cpuid(0).eax >= 7 && (cpuid(7).ecx & kLa57) != 0;
}

inline constexpr uint32_t kMsrMtrrCap = 0xfe;
inline constexpr uint32_t kMsrPat = 0x277;
inline constexpr uint32_t kMsrMtrrDefType = 0x2ff;
inline constexpr uint32_t kMsrEfer = 0xc0000080;
inline constexpr uint32_t kMsrFsBase = 0xc0000100;
inline constexpr uint32_t kMsrGsBase = 0xc0000101;

} // namespace conformance

// SPDX-License-Identifier: BSD-2-Clause
//
// The memory type range registers: Intel SDM 3A section 11.11, numbers in Intel SDM 4 table 2-2.
#pragma once

#include <cstdint>

namespace baton::cpu {

inline constexpr uint32_t kMsrMtrrCap = 0xfe;   // IA32_MTRRCAP
inline constexpr uint32_t kMsrMtrrBase = 0x200; // IA32_MTRR_PHYSBASE0, then PHYSMASK0, and so on
inline constexpr uint32_t kMsrMtrrType = 0x2ff; // IA32_MTRR_DEF_TYPE
inline constexpr uint16_t kMsrMtrrFixed[] = {0x250, 0x258, 0x259, 0x268, 0x269, 0x26a,
                                             0x26b, 0x26c, 0x26d, 0x26e, 0x26f};

// IA32_MTRRCAP.
inline constexpr uint64_t kMtrrVariableCount = 0xff; // pairs of base and mask
inline constexpr uint64_t kMtrrHasFixed = 0x100;

} // namespace baton::cpu

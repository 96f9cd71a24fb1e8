// SPDX-License-Identifier: BSD-2-Clause
//
// Instructions that tell which mode code was assembled for.
#pragma once

#include <cstdint>

namespace baton::cpu {

inline constexpr uint32_t kVectorInvalidOpcode = 6; // #UD

/// Whether 64-bit code has no instruction with this one-byte opcode, and 32-bit code does: Intel
/// SDM 2, "i64" in table A-2. 62h, C4h and C5h begin other instructions there.
constexpr bool is_only_in_32_bit_code(uint8_t opcode) {
    constexpr uint8_t kOpcodes[] = {0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f, 0x37,
                                    0x3f, 0x60, 0x61, 0x82, 0x9a, 0xce, 0xd4, 0xd5, 0xd6, 0xea};
    for (const uint8_t one : kOpcodes)
        if (one == opcode)
            return true;
    return false;
}

} // namespace baton::cpu

// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "cpu/instructions.hpp"

namespace baton {

/// Ends QEMU through its device isa-debug-exit at `port`. Returns where there is none, after one or
/// two seconds: QEMU may run the guest on for a while before it ends.
inline void end_qemu(uint16_t port, uint8_t value) {
    constexpr uint64_t kTicks = uint64_t{1} << 32;
    cpu::out8(port, value);
    for (const uint64_t start = cpu::read_tsc(); cpu::read_tsc() - start < kTicks;)
        cpu::pause();
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// Whether a fault in 64-bit mode comes from code that was assembled for 32 bits.
#pragma once

#include "tools/baton/fault_log.hpp"
#include "tools/baton/program.hpp"

#include <cstdint>
#include <string>

namespace baton::tool {

/// What says so of a fault soon after the kernel's entry, for people; empty: nothing does. `slide`
/// is the kernel's.
std::string sign_of_32_bit_code(const Program& kernel, uint64_t slide, const FaultReport& report);

} // namespace baton::tool

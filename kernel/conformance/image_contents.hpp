// SPDX-License-Identifier: BSD-2-Clause
//
// Contents of the image that the loader has to bring into memory right, of each kind: constants,
// data, zeroes, thread-local data, and addresses that need relocation.
#pragma once

#include "verdict.hpp"

#include <cstdint>

namespace conformance {

/// The address of the first byte beyond the segments' file bytes that is not zero, 0 if all are.
uint64_t first_nonzero_byte_in_bss();

void expect_file_bytes(Verdict& verdict);
void expect_relocations(Verdict& verdict);

/// The bytes that PT_TLS begins with: thread_local data.
inline constexpr uint64_t kThreadLocalData = 0x4241'544f'4e54'4c53;

// For accesses that must fault.
extern const uint8_t return_in_constants; // RET
extern uint8_t return_in_data;            // RET
/// An address in PT_GNU_RELRO.
uint64_t relocated_constant_address();

} // namespace conformance

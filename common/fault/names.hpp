// SPDX-License-Identifier: BSD-2-Clause
//
// Numbers of faults in words.
#pragma once

#include "core/text.hpp"
#include "paging/page_walk.hpp"

#include <cstdint>

namespace baton {

/// "#PF page fault", "interrupt" from 32 on, and those of kPageTablesRefused and kWatchdogExpired.
const char* vector_name(uint64_t vector);

/// Whether the processor pushes an error code with this exception.
bool pushes_error_code(uint64_t vector);

// Vectors that are looked at.
inline constexpr uint64_t kDoubleFault = 8;
inline constexpr uint64_t kStackFault = 12;
inline constexpr uint64_t kGeneralProtection = 13;
inline constexpr uint64_t kPageFault = 14;

/// ": write, not present, supervisor" for a page fault's, ": IDT entry 14" for a selector's, and
/// nothing for all others.
void write_error_code(TextWriter& text, uint64_t vector, uint64_t error_code);

/// "not present", "read-only"…
const char* denial_in_words(Denial denial);

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// Numbers of faults in words.
#pragma once

#include "core/text.hpp"
#include "paging/page_walk.hpp"

#include <cstdint>

namespace baton {

/// "#PF page fault", "interrupt" from 32 on, and from 256 on those of stage 2's own (report.hpp).
const char* vector_name(uint64_t vector);

/// Whether the processor pushes an error code with this exception.
bool pushes_error_code(uint64_t vector);

/// ": write, not present, supervisor" for a page fault's, ": IDT entry 14" for a selector's, ":
/// magic" for that of a refused record, and nothing for all others.
void write_error_code(TextWriter& text, uint64_t vector, uint64_t error_code);

/// "not present", "read-only"…
const char* denial_in_words(Denial denial);

} // namespace baton

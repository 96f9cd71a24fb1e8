// SPDX-License-Identifier: BSD-2-Clause
//
// Segments that are loaded as their headers say, though hardly anybody means what they say.
#pragma once

#include "core/text.hpp"
#include "plan/load_plan.hpp"

namespace baton {

/// Adds what is odd about a segment, and what to change: no permissions at all, or zeroed memory
/// after the file bytes that can't be written. Returns false, and adds nothing, for any other.
bool describe_odd_segment(const Segment& segment, TextWriter& text);

} // namespace baton

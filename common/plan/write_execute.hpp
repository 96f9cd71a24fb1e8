// SPDX-License-Identifier: BSD-2-Clause
//
// Finds out what demands pages that are writable and executable at once, and says the fix.
#pragma once

#include "core/text.hpp"
#include "plan/load_plan.hpp"

#include <cstdint>
#include <optional>

namespace baton {

/// Pages that are writable and executable at once. The segments that make them so are named by
/// their program headers, counted from 0 as `readelf -l` lists them. The same one twice: its own
/// p_flags do. Two: they share the one page.
struct WriteExecutePages {
    VirtRange pages;
    uint32_t writable;
    uint32_t executable;
};

/// The first such pages of a plan above `after`, from its beginning on where that is empty.
std::optional<WriteExecutePages> next_write_execute(const LoadPlan& plan, VirtRange after = {});

/// Adds the pages, the segments, and what to change in the linker script; less than a line.
void describe_write_execute(const WriteExecutePages& found, TextWriter& text);

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// Applies the dynamic relocations of a position-independent kernel to its bytes in memory.
#pragma once

#include "core/address.hpp"
#include "core/error.hpp"
#include "memory/frame_source.hpp"
#include "plan/load_plan.hpp"

#include <cstdint>

namespace baton {

struct RelocationCounts {
    uint64_t rela; // entries of DT_RELA and DT_JMPREL
    uint64_t relr; // words that DT_RELR names
};

/// Applies what PT_DYNAMIC names: R_X86_64_RELATIVE, 64, GLOB_DAT, JUMP_SLOT and RELR; a weak
/// symbol that is not defined counts as 0. `plan` is placed, and the file bytes of its segments are
/// in their frames. Everything that is read or changed must lie in the file bytes of one segment;
/// the bytes are whatever the file says, and nothing outside of them is touched. Errors: dynamic_*,
/// library_needed, relocation_*, relr_without_address.
Result<RelocationCounts> relocate(const LoadPlan& plan, FrameSource& frames);

} // namespace baton

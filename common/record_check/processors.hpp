// SPDX-License-Identifier: BSD-2-Clause
//
// The part of a handoff record that is about other processors: not in the first page of stage 2.
#pragma once

#include "record_check/record_check.hpp"

namespace baton {

inline constexpr uint64_t kEndOf32Bits = uint64_t{1} << 32;
inline constexpr uint64_t kStackAlignment = 16;

/// Of a record that has some. `changes_levels`: of page tables.
bool are_good_processors(const BatonHandoff& record, const HandoffMachine& machine,
                         bool changes_levels);

} // namespace baton

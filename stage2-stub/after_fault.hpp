// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "abi/handoff.h"

#include <cstdint>

namespace baton::stage2 {

/// For so many ticks of the TSC.
void wait(uint64_t ticks);

/// What is to happen after a report, by what the record says of it. Without a way to do it, the
/// processor halts.
[[noreturn]] void end_after_fault(const BatonHandoff& record, BatonAfterFault after);

} // namespace baton::stage2

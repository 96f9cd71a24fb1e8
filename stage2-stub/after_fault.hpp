// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "abi/handoff.h"

namespace baton::stage2 {

/// What the record says is to happen after a report. Without a way to do it, the processor halts.
[[noreturn]] void end_after_fault(const BatonHandoff& record);

} // namespace baton::stage2

// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "abi/handoff.h"

namespace baton::stage2 {

/// What the kernel finds in the registers that paging doesn't depend on, and write protection.
void set_machine_state(const BatonHandoff& record);

} // namespace baton::stage2

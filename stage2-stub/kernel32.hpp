// SPDX-License-Identifier: BSD-2-Clause
//
// Kernels that are entered in 32-bit protected mode, and the reports of their exceptions.
#pragma once

#include "abi/handoff.h"

namespace baton::stage2 {

/// Loads a GDT and an IDT for 32-bit code, whose gates come back to the record's page tables. The
/// IDT that was there doesn't work any more.
void prepare_kernel32(const BatonHandoff& record);

} // namespace baton::stage2

// SPDX-License-Identifier: BSD-2-Clause
//
// The segments of a 64-bit kernel that has its own.
#pragma once

#include "abi/handoff.h"
#include "stage2-stub/fault.hpp"

namespace baton::stage2 {

/// The record's, which has some.
SegmentTable kernel_segments(const BatonHandoff& record);

/// Loads them on the boot processor; faults are reported as before.
void use_kernel_segments(const BatonHandoff& record);

/// An empty IDT, for a kernel without reports, and an empty TSS in the kernel's table.
void report_no_more(const BatonHandoff& record, const SegmentTable& table);

} // namespace baton::stage2

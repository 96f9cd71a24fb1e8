// SPDX-License-Identifier: BSD-2-Clause
//
// stage2.bin, which every stage 1 has in it.
#pragma once

#include "handoff/builder.hpp"

namespace baton {

Bytes stage2_bytes();

/// Builds a handoff, leaves the firmware and calls stage 2 at its 64-bit entry. Returns only if
/// that can't be done. `stage1_base` is where this image is, for a debugger.
Error boot(const HandoffBuilder::Given& given, PhysAddr stage1_base);

} // namespace baton

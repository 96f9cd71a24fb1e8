// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "abi/handoff.h"

namespace baton::stage2 {

/// Loads a 64-bit kernel's own segments, if it has any, with which the IDT goes on working; or no
/// IDT, if it wants none.
void use_kernel_segments(const BatonHandoff& record);

} // namespace baton::stage2

// SPDX-License-Identifier: BSD-2-Clause
//
// The last part of every stage 1: the recipe of boot/boot.hpp, and stage 2.
#pragma once

#include "boot/boot.hpp"

namespace baton {

/// stage2.bin, which every stage 1 has in it.
Bytes stage2_bytes();

/// Boots an entry: prepares all of it, leaves the firmware and calls stage 2 at its 64-bit entry.
/// Returns only if that can't be done. `stage1_base` is where this image is, for a debugger.
Error boot(const BootInput& input, PhysAddr stage1_base);

} // namespace baton

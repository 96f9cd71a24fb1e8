// SPDX-License-Identifier: BSD-2-Clause
//
// The machine that `baton run` starts by default, as far as it is known before:
// QEMU's q35 with OVMF and a VGA adapter.
#pragma once

#include "memory/memory_range.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace baton::tool {

/// Its memory if it has this many MiB: with a hole below 1 MiB; from 2816 MiB on, all but 2 GiB are
/// above 4 GiB (QEMU, hw/i386/pc_q35.c).
std::vector<TypedRange> q35_memory_map(uint64_t mib);

/// Where the firmware puts the framebuffer on a machine with this memory. `ovmf` is its version.
PhysAddr framebuffer_base(std::span<const TypedRange> memory, std::string_view ovmf);

/// The version of the package that the firmware is from, "2022.11-6"; empty: it isn't known.
std::string_view ovmf_version();

} // namespace baton::tool

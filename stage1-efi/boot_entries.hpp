// SPDX-License-Identifier: BSD-2-Clause
//
// Finds what to boot: the load options; the Boot Loader Specification's entries, the default one
// first; \baton\kernel.elf. A server's directories can't be listed: of its entries, only the one
// that \loader\loader.conf names as the default can be found.
#pragma once

#include "config/boot_entry.hpp"
#include "core/error.hpp"
#include "handoff/log.hpp"
#include "memory/frame_source.hpp"
#include "stage1-efi/efi.hpp"
#include "stage1-efi/volume.hpp"

#include <span>

namespace baton {

/// The kernel that is booted when nothing says otherwise.
inline constexpr std::string_view kDefaultKernel = "\\baton\\kernel.elf";

/// Everything that may be booted, in the order to try it; at least the default kernel. What is
/// wrong with an entry, or not for this loader, is logged, and the entry left out. The entries lie
/// in frames from `frames`. Error: out_of_memory.
Result<std::span<const BootEntry>>
find_boot_entries(const efi::Firmware& firmware, const File& volume, FrameSource& frames, Log& log);

} // namespace baton

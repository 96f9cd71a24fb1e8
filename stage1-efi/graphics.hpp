// SPDX-License-Identifier: BSD-2-Clause
//
// Framebuffers: UEFI's Graphics Output Protocols.
#pragma once

#include "boot/platform.hpp"
#include "core/error.hpp"
#include "stage1-efi/efi.hpp"

#include <optional>
#include <span>

namespace baton {

/// A mode that an adapter had.
struct FormerMode {
    EFI_GRAPHICS_OUTPUT_PROTOCOL* adapter;
    UINT32 number;
};

/// Sets the mode that the kernel requests, on the first adapter that has it: of that size, with a
/// linear framebuffer. False where none has it. `former` gets the mode before, where that changes.
/// Error: request_not_met, where it is required.
Result<bool> set_requested_mode(const efi::Firmware& firmware, const Requests& requests,
                                std::optional<FormerMode>& former);

/// Sets the former mode again. The firmware's text console goes on in it.
void restore_mode(const FormerMode& former);

/// All adapters whose current mode has a linear framebuffer, in the firmware's order; an adapter
/// that several handles show counts once. In `arena`. Error: out_of_memory.
Result<std::span<const Display>> find_displays(const efi::Firmware& firmware, Arena& arena);

} // namespace baton

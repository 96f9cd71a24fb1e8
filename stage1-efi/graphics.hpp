// SPDX-License-Identifier: BSD-2-Clause
//
// Framebuffers: UEFI's Graphics Output Protocols.
#pragma once

#include "core/error.hpp"
#include "handoff/platform.hpp"
#include "stage1-efi/efi.hpp"

#include <span>

namespace baton {

/// Sets the mode that the kernel wishes for, on the first adapter that has it: of that size, with a
/// linear framebuffer. False where none has it. Error: wish_not_met, where it is required.
Result<bool> set_wished_mode(const efi::Firmware& firmware, const Wishes& wishes);

/// All adapters whose mode of now has a linear framebuffer, in the firmware's order; an adapter
/// that several handles show counts once. In frames from `frames`. Error: out_of_memory.
Result<std::span<const Display>> find_displays(const efi::Firmware& firmware, FrameSource& frames);

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "protocols/facts.hpp"
#include "stage1-efi/efi.hpp"

namespace baton {

/// With numbers of EFI_RNG_PROTOCOL, where the firmware has it.
void draw_random_numbers(const efi::Firmware& firmware, RandomNumbers& numbers);

} // namespace baton

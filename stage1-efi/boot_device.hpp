// SPDX-License-Identifier: BSD-2-Clause
//
// Where the loader came from.
#pragma once

#include "core/arena.hpp"
#include "core/error.hpp"
#include "protocols/facts.hpp"
#include "stage1-efi/efi.hpp"

namespace baton {

/// Reads the device path of the loaded image, and fills in `facts` with it; texts are made in
/// `arena`, and empty where the firmware can't make them. Error: out_of_memory.
Result<void> add_boot_device(const efi::Firmware& firmware, Arena& arena, MachineFacts& facts);

/// The number of the partition that the loaded image came from; 0: it came from none.
uint32_t boot_partition(const efi::Firmware& firmware);

/// The load options of the loaded image; empty where there are none.
Bytes load_options(const efi::Firmware& firmware);

} // namespace baton

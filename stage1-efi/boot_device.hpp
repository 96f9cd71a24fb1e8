// SPDX-License-Identifier: BSD-2-Clause
//
// Where the loader came from.
#pragma once

#include "abi/boot_info.h"
#include "core/arena.hpp"
#include "core/error.hpp"
#include "stage1-efi/efi.hpp"

#include <string_view>

namespace baton {

struct BootDevice {
    BatonBootDevice record;       // without the two texts
    std::string_view device_path; // as text; empty where the firmware can't make it
    std::string_view loader_path; // with slashes
};

/// Reads the device path of the loaded image; texts are made in `arena`. Error: out_of_memory.
Result<BootDevice> find_boot_device(const efi::Firmware& firmware, Arena& arena);

inline constexpr uint64_t kBootDeviceArenaBytes = 16384;

/// The load options of the loaded image; empty where there are none.
Bytes load_options(const efi::Firmware& firmware);

} // namespace baton

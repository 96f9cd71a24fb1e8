// SPDX-License-Identifier: BSD-2-Clause
//
// Physical memory by kind, as Baton thinks of it between the firmware's map and BootInfo.
#pragma once

#include "abi/boot_info.h"
#include "core/address.hpp"

namespace baton {

/// A range of physical memory: what may be done with it, who says so, and why.
struct TypedRange {
    PhysRange range;
    BatonMemoryType type;
    uint32_t firmware_type = BATON_NO_FIRMWARE_TYPE; // where the firmware says it
    uint64_t attributes = 0;                         // the firmware's
    const char* origin = nullptr;                    // where the loader says it: what is there
    bool has_tables = false;                         // the firmware's, of which the kernel learns
};

/// Where the firmware's tables are.
constexpr TypedRange firmware_tables(PhysRange range, BatonMemoryType type) {
    return {.range = range, .type = type, .origin = "firmware tables", .has_tables = true};
}

/// Physical addresses have at most 52 bits (Intel SDM 3A section 4.1.4, AMD APM 2 section 5.1).
inline constexpr uint64_t kPhysicalAddressEnd = uint64_t{1} << 52;

} // namespace baton

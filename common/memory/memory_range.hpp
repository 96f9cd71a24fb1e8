// SPDX-License-Identifier: BSD-2-Clause
//
// Physical memory by kind, as Baton thinks of it between the firmware's map and BootInfo.
#pragma once

#include "abi/boot_info.h"
#include "core/address.hpp"

namespace baton {

/// A range of physical memory and what may be done with it.
struct TypedRange {
    PhysRange range;
    BatonMemoryType type;

    constexpr bool operator==(const TypedRange&) const = default;
};

/// Physical addresses have at most 52 bits (Intel SDM 3A section 4.1.4, AMD APM 2 section 5.1).
inline constexpr uint64_t kPhysicalAddressEnd = uint64_t{1} << 52;

} // namespace baton

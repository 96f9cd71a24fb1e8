// SPDX-License-Identifier: BSD-2-Clause
//
// The way out of the firmware.
#pragma once

#include "boot/platform.hpp"
#include "protocols/protocol.hpp"

#include <span>

namespace baton {

/// What all memory is: what the firmware says, and `also_there`. The first part of `buffer` is
/// filled in and returned. Errors: memory_map_unavailable, memory_map_too_long.
Result<std::span<TypedRange>> read_memory_map(Platform& platform,
                                              std::span<const TypedRange> also_there,
                                              std::span<TypedRange> buffer);

/// Leaves the firmware once `record` says what all memory is: what the firmware says, and
/// `also_there`. `buffer` is for the ranges. Between
/// the last GetMemoryMap and ExitBootServices nothing is allocated. Errors: memory_map_unavailable
/// and memory_map_too_long, with the firmware as it was: a record for more ranges may be tried;
/// exit_boot_services_failed, after which the firmware may not be used any more.
Result<void> leave_firmware(Platform& platform, KernelRecord& record,
                            std::span<const TypedRange> also_there, std::span<TypedRange> buffer);

} // namespace baton

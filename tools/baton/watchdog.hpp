// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "tools/baton/machine.hpp"

#include <filesystem>
#include <optional>

namespace baton::tool {

/// Seconds from the kernel's start to shortly before the machine's time is over. 0: there are none,
/// or no limit.
unsigned seconds_for_kernel(const MachineOptions& machine);

/// Seconds for the loader's watchdog, so that it reports a kernel that hangs just before the
/// machine's time is over. Nothing: the machine has none, the time is too short or too long for it,
/// or the kernel asks for an earlier one itself.
std::optional<unsigned> watchdog_before_timeout(const MachineOptions& machine,
                                                const std::filesystem::path& kernel);

} // namespace baton::tool

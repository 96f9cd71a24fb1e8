// SPDX-License-Identifier: BSD-2-Clause
//
// A boot under GDB.
#pragma once

#include "tools/baton/boot_image.hpp"
#include "tools/baton/machine.hpp"

#include <string>
#include <vector>

namespace baton::tool {

struct DebugOptions {
    std::vector<std::string> places{}; // of `baton break`
    std::vector<std::string> commands{};
    bool batch = false;
    bool server_only = false;
};

/// Boots in QEMU, stopped, and starts GDB on it; it ends with GDB. The exit status.
int debug(const BootFiles& files, const MachineOptions& machine, const DebugOptions& options);

} // namespace baton::tool

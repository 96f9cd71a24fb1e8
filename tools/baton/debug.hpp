// SPDX-License-Identifier: BSD-2-Clause
//
// A boot under GDB.
#pragma once

#include "tools/baton/boot_image.hpp"
#include "tools/baton/machine.hpp"

#include <string>
#include <vector>

namespace baton::tool {

inline constexpr const char* kAtReset = "reset"; // before the machine's first instruction

/// What `baton break` knows (tools/gdb/), and kAtReset.
inline constexpr const char* kPlaces = "reset|stage1|before-exit|stage2|before-cr3|after-cr3|copy "
                                       "N|before-jump|ap-start|ap-parked|kernel-entry|fault";

struct DebugOptions {
    std::vector<std::string> places{}; // of `baton break`, or kAtReset
    std::vector<std::string> commands{};
    bool batch = false;
    bool server_only = false;
};

/// Boots in QEMU, stopped, and starts GDB on it; it ends with GDB, and with its exit status.
int debug(const BootFiles& files, const MachineOptions& machine, const DebugOptions& options);

} // namespace baton::tool

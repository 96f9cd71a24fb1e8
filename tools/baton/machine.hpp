// SPDX-License-Identifier: BSD-2-Clause
//
// A machine that QEMU plays.
#pragma once

#include "tools/baton/process.hpp"

#include <string>
#include <vector>

namespace baton::tool {

struct MachineOptions {
    unsigned memory_mib = 256;
    unsigned processors = 1;
    unsigned timeout_seconds = 0; // 0: as long as it takes
    bool has_window = false;
    std::string accelerator = "tcg";
    std::string boot_path = "uefi";
    std::vector<std::string> qemu_arguments{}; // more of them
};

enum class Ending {
    success,
    failure,
    fault,
    timeout,
    triple_fault,
    reset,
    interrupted,
    qemu_failed
};

struct Outcome {
    Ending ending;
    int status = 0;        // of QEMU, or the signal that interrupted
    std::string console{}; // the last that was on the serial port
};

/// QEMU and its arguments for the machine, without its type, what it boots, its consoles and the
/// user's own arguments.
Words machine_words(const MachineOptions& options);

/// Boots until the guest or somebody else ends it. `boot` are QEMU's arguments that
/// boot_arguments() gives. The serial console is on the terminal. Throws a Failure if it can't be
/// started.
Outcome run_machine(const Words& boot, const MachineOptions& options);

} // namespace baton::tool

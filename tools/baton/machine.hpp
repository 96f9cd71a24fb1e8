// SPDX-License-Identifier: BSD-2-Clause
//
// A machine that QEMU plays, with real UEFI firmware.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace baton::tool {

struct MachineOptions {
    unsigned memory_mib = 256;
    unsigned processors = 1;
    unsigned timeout_seconds = 0; // 0: as long as it takes
    bool has_window = false;
    std::string accelerator = "tcg";
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

/// QEMU's arguments for the machine without what it boots from, its consoles and its log.
std::vector<std::string> machine_words(const MachineOptions& options);

/// Those for UEFI firmware and a disk. `variables`: a file to make, for the firmware's.
std::vector<std::string> firmware_words(const std::filesystem::path& disk,
                                        const std::filesystem::path& variables);

/// Boots from a disk, until the guest or somebody else ends it. The serial console is on the
/// terminal. Throws a Failure if it can't be started.
Outcome run_machine(const std::filesystem::path& disk, const MachineOptions& options);

} // namespace baton::tool

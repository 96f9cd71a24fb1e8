// SPDX-License-Identifier: BSD-2-Clause
//
// A machine that QEMU plays.
#pragma once

#include "tools/baton/cpu_state.hpp"
#include "tools/baton/loader_log.hpp"
#include "tools/baton/process.hpp"

#include <optional>
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
    nothing_booted, // the loader gave up, or booted something else
    timeout,
    triple_fault,
    reset,
    power_off, // by the guest
    closed,    // its window, or by its monitor
    interrupted,
    qemu_failed
};

/// A processor of a machine that stands still, and its memory as that processor sees it.
struct StoppedCpu {
    CpuState state;
    std::vector<uint64_t> code{};  // words at RIP; empty: it isn't mapped
    std::vector<uint64_t> below{}; // the word below RSP; empty: it isn't mapped
    std::vector<uint64_t> stack{}; // words from RSP on, or from the next page on if that is mapped
    std::vector<uint64_t> gates{}; // of the first 32 vectors, two words each, as far as there are
};

struct Outcome {
    Ending ending;
    int status = 0;        // of QEMU, or the signal that interrupted
    std::string console{}; // the last that was on the serial port
    unsigned seconds = 0;  // how long it has run
    std::optional<Refusal> refusal{};
    bool loader_started = false, kernel_entered = false; // as its log says
    /// After a time-out: several looks at all processors. After a reset: one.
    std::vector<std::vector<CpuState>> looks{};
    std::vector<StoppedCpu> cpus{}; // at the end
};

/// QEMU and its arguments for the machine, without its type, what it boots, its consoles and the
/// user's own arguments.
Words machine_words(const MachineOptions& options);

/// Boots until the guest or somebody else ends it. `boot` are QEMU's arguments that
/// boot_arguments() gives. The serial console is on the terminal. Throws a Failure if it can't be
/// started.
Outcome run_machine(const Words& boot, const MachineOptions& options);

} // namespace baton::tool

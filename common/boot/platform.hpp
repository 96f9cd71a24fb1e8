// SPDX-License-Identifier: BSD-2-Clause
//
// What a stage 1 is to the recipe of boot.hpp: where memory and files come from, what is known of
// the machine, and how to leave the firmware. docs/porting.md says how to write one.
#pragma once

#include "acpi/processors.hpp"
#include "core/arena.hpp"
#include "core/error.hpp"
#include "devices/interrupts.hpp"
#include "devices/watchdog.hpp"
#include "loading/file_source.hpp"
#include "memory/efi_runtime.hpp"
#include "memory/frame_source.hpp"
#include "plan/requests.hpp"
#include "protocols/facts.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace baton {

struct Displays {
    std::span<const Display> all; // valid until the firmware is left
    bool has_requested_mode;      // also true without a request for one
};

/// The recipe calls the functions in the order in which they stand here, but for frames(). The
/// first group is what each stage 1 must have; of the second, it gives what its firmware knows.
/// What a function makes in `arena` stays until the kernel reuses it.
class Platform {
  public:
    /// Memory that stays as it is until the kernel reuses it.
    virtual FrameSource& frames() = 0;

    /// Opens the kernel's file. It is used until prepare_to_leave(). Errors: kernel_not_found,
    /// file_unreadable, file_path_too_long, tftp_failed, out_of_memory.
    virtual Result<FileSource*> open_kernel(std::string_view path) = 0;
    /// The same for a module's file: file_not_found. Each is opened once.
    virtual Result<FileSource*> open_module(std::string_view path) = 0;

    /// Memory for the direct map: all that can be cached, in whole pages, in any order.
    /// Errors: memory_map_unavailable, out_of_memory.
    virtual Result<std::span<const PhysRange>> memory(Arena& arena) = 0;

    /// What this stage 1 knows of the machine and of the way on which the loader came. Texts stay
    /// until the firmware is left. Error: out_of_memory.
    virtual Result<MachineFacts> facts(Arena& arena) = 0;

    /// Reserves what read_memory_map() needs, and returns how many ranges that may have: with some
    /// to spare, since the firmware's map may grow. Called again, for more ranges, where they were
    /// too few. Errors: memory_map_unavailable, out_of_memory.
    virtual Result<std::size_t> reserve_memory_map() = 0;

    /// What all memory is, once the kernel runs, as the firmware says now; blocks of frames() are
    /// what their use says. The first part of `buffer` is filled in and returned. Allocates
    /// nothing. Errors: memory_map_too_long (ranges, capacity), memory_map_unavailable.
    virtual Result<std::span<TypedRange>> read_memory_map(std::span<TypedRange> buffer) = 0;
    /// Leaves the firmware, if its memory map is still the one that read_memory_map() has read.
    /// Returns a status of UEFI 2.10 appendix D: 0, and the firmware is gone; else
    /// read_memory_map() and exit() alone may be called.
    virtual uint64_t exit() { return 0; }

    /// The processors that the firmware's tables list. Called once the kernel is loaded. Error:
    /// out_of_memory.
    virtual Result<acpi::Processors> processors(Arena& /*arena*/) { return acpi::Processors{}; }
    /// Where the firmware's tables are in reserved memory that memory() doesn't have. Called after
    /// memory(), for a kernel that gets them in its direct map. Errors: memory_map_unavailable,
    /// out_of_memory.
    virtual Result<std::span<const PhysRange>> reserved_tables(Arena& /*arena*/) {
        return std::span<const PhysRange>();
    }
    virtual bool can_map_runtime_services() { return false; }
    /// What runtime services use and is not in memory(), or needs a mapping of its own. Called
    /// after memory(), for a kernel that requests it. Errors: memory_map_unavailable,
    /// out_of_memory.
    virtual Result<std::span<const RuntimeRange>> runtime_memory(Arena& /*arena*/) {
        return std::span<const RuntimeRange>();
    }
    /// Displays, in the mode that is requested, if one of them has it.
    /// Errors: out_of_memory; request_not_met where the request is required.
    virtual Result<Displays> find_displays(const Requests& requests, Arena& arena);
    /// Code and writable memory of stage 2, which the page tables of now may forbid to run or to
    /// write. Errors: out_of_memory, mapping_*.
    virtual Result<void> make_executable(PhysRange /*code*/, PhysRange /*data*/) { return {}; }
    /// A timer that can raise an NMI after so many seconds, with no registers in `avoid`.
    virtual std::optional<WatchdogPlan> find_watchdog(uint32_t /*seconds*/,
                                                      std::span<const PhysRange> /*avoid*/) {
        return {};
    }
    /// Interrupt controllers and IOMMUs for mask_interrupts(), with no registers in `memory`.
    virtual InterruptPlan find_interrupts(const InterruptChoice& choice,
                                          std::span<const PhysRange> /*memory*/) {
        return {.choice = choice};
    }
    /// The last call while everything may still be called: closes all files; says for the next boot
    /// where the crash record is, or that there is none.
    virtual void prepare_to_leave(std::optional<PhysAddr> /*crash_record*/) {}
    /// The TPM's event log, complete after exit(). Nothing here can fail.
    virtual EventLog event_log() { return {}; }
    /// The firmware's own memory map, as exit() left it; empty where it is not UEFI.
    virtual FirmwareMap firmware_map() { return {}; }
    /// How many bytes it may have, after reserve_memory_map().
    virtual std::size_t firmware_map_bytes() { return 0; }
    /// Whether a kernel can be called while the firmware stays: one with 64-bit boot services.
    virtual bool can_stay() { return false; }
    /// Instead of exit(), after read_memory_map(): all memory of frames() stays as it is, and the
    /// kernel's may be executed and written to.
    virtual void stay(std::span<const Region> /*kernel*/) {}
    /// Tells runtime services where they are in the direct map, after exit(). Returns the status.
    virtual uint64_t map_runtime_services(VirtAddr /*direct_map*/) { return 0; }
    /// After exit().
    virtual void mask_interrupts(const InterruptPlan& /*plan*/) {}
    /// The very last call.
    virtual void start_watchdog(const WatchdogPlan& /*plan*/) {}

  protected:
    ~Platform() = default;
};

} // namespace baton

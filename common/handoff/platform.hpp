// SPDX-License-Identifier: BSD-2-Clause
//
// What a stage 1 is to the HandoffBuilder: where memory and files come from, what is known of the
// machine, and how the firmware is left. docs/porting.md tells how to write one.
#pragma once

#include "abi/boot_info.h"
#include "core/address.hpp"
#include "core/bytes.hpp"
#include "core/error.hpp"
#include "memory/efi_runtime.hpp"
#include "memory/frame_source.hpp"
#include "memory/memory_range.hpp"
#include "plan/address_space.hpp"
#include "plan/boot_record.hpp"
#include "plan/requests.hpp"
#include "plan/watchdog.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace baton {

/// A file's bytes.
class FileSource {
  public:
    /// In bytes. Errors: file_is_a_directory, file_unreadable, file_read_short, file_size_unknown,
    /// out_of_memory.
    virtual Result<uint64_t> size() = 0;
    /// Fills `into` with the file's bytes from `offset` on; the caller has checked that there are
    /// so many. Errors: file_unreadable, file_read_short, tftp_failed, out_of_memory.
    virtual Result<void> read(uint64_t offset, std::span<std::byte> into) = 0;

  protected:
    ~FileSource() = default;
};

/// A display adapter. `framebuffer.address`, `.edid` and `.modes` are for the boot record to fill
/// in.
struct Display {
    BatonFramebuffer framebuffer;
    Bytes edid; // the firmware's memory
    std::span<BatonVideoMode> modes;
};

struct Displays {
    std::span<const Display> all; // valid until the firmware is left
    bool has_requested_mode;      // true without a request for one, too
};

/// Who wants to know what all memory is before the firmware goes.
class MemoryListener {
  public:
    /// Error: memory_map_too_long.
    virtual Result<void> memory_is_known() = 0;

  protected:
    ~MemoryListener() = default;
};

/// The functions are called in the order in which they stand here, frames(), open_module() and
/// last_frames() aside. The first group is what each stage 1 must have; of the second, it
/// gives what its firmware knows.
class Platform {
  public:
    /// Memory that stays as it is until the kernel reuses it.
    virtual FrameSource& frames() = 0;

    /// Opens the kernel's file. It is used until close_files(). Errors: kernel_not_found,
    /// file_unreadable, file_path_too_long, tftp_failed, out_of_memory.
    virtual Result<FileSource*> open_kernel(std::string_view path) = 0;
    /// The same for a module's file, which is used until the next one is opened.
    virtual Result<FileSource*> open_module(std::string_view path) = 0;

    /// Memory for the direct map: all that can be cached, in whole pages, in any order. Valid until
    /// the firmware is left. Errors: memory_map_unavailable, out_of_memory.
    virtual Result<std::span<const PhysRange>> memory() = 0;

    struct Needs {
        uint64_t fact_bytes; // BootRecord::data_bytes() of what add_facts() adds
        uint64_t claims;     // ranges that claim_memory() will have, with some to spare where the
                             // firmware's map may grow; one more for each block that frames() hands
                             // out from now on
    };
    /// Gets ready for the functions below. Called again, for more ranges, where leave() has failed
    /// with memory_map_too_long.
    virtual Result<Needs> prepare() = 0;
    /// Adds what this stage 1 knows of the machine and of the way the loader came.
    virtual void add_facts(BootRecord& record) = 0;

    /// The firmware is left; an error is a firmware that is still there. Before that `listener` is
    /// told that claim_memory() can be called, and again where memory has changed since; its error
    /// is returned. Errors: memory_map_unavailable, memory_map_too_long (the firmware is as it was:
    /// leave() may be called again), exit_boot_services_failed.
    virtual Result<void> leave(MemoryListener& listener) = 0;
    /// What all memory is, once the kernel runs. Returns how many ranges there are, which may be
    /// more than are in `room`: then they are incomplete. The blocks of frames() are of the type
    /// that final_type() says. Called by leave(), by way of its listener; calls no firmware.
    virtual std::size_t claim_memory(std::span<TypedRange> room) = 0;

    // ---- What some stages 1 have.

    /// Whether runtime services can be told the addresses of the direct map.
    virtual bool can_map_runtime_services() { return false; }
    /// What runtime services use and is not in memory(), or needs a mapping of its own. Called
    /// after memory(), for a kernel that requests it. Valid until the firmware is left. Errors:
    /// memory_map_unavailable, out_of_memory.
    virtual Result<std::span<const RuntimeRange>> runtime_memory() {
        return std::span<const RuntimeRange>();
    }
    /// Displays, in the mode that is requested, if one of them has it.
    /// Errors: out_of_memory; request_not_met where the request is required.
    virtual Result<Displays> find_displays(const Requests& requests);
    /// Code and writable memory of stage 2, which the page tables of now may forbid to run or to
    /// write. Errors: out_of_memory, mapping_*.
    virtual Result<void> make_executable(PhysRange /*code*/, PhysRange /*data*/) { return {}; }
    /// A timer that can raise an NMI after so many seconds, with no registers in `avoid`.
    virtual std::optional<WatchdogPlan> find_watchdog(uint32_t /*seconds*/,
                                                      std::span<const PhysRange> /*avoid*/) {
        return {};
    }
    /// The last call before leave(): closes all files; tells the next boot where stage 2's last
    /// words are, or nothing at all.
    virtual void prepare_to_leave(std::optional<PhysAddr> /*crash_record*/) {}
    /// After leave(): the firmware's own memory map, and its runtime services told where
    /// they are, if so requested.
    virtual void finish(BootRecord& /*record*/, const Layout& /*layout*/, bool /*runtime_map*/) {}
    /// The very last call.
    virtual void start_watchdog(const WatchdogPlan& /*plan*/) {}

  protected:
    ~Platform() = default;
};

/// What a block is when the kernel runs, by the origin of its FrameRequest.
BatonMemoryType final_type(std::string_view origin);

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// What a kernel requests, whatever protocol it says that in. The names are those of Baton's own:
// boot_info.h, enum BatonRequestType.
#pragma once

#include "abi/boot_info.h"
#include "core/address.hpp"
#include "core/bytes.hpp"
#include "core/error.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace baton {

/// A file that the kernel names. Texts are views into its file.
struct RequestedModule {
    std::string_view path;
    bool required;
    std::string_view string = {};
    bool is_relative = false;   // to the folder of the kernel's file
    bool is_compressed = false; // whatever its name
};

/// All requests, with the defaults where the kernel has none. "required" goes with the request
/// before it.
struct Requests {
    uint64_t stack_bytes = uint64_t{64} << 10; // whole pages
    struct Framebuffer {
        uint64_t width = 0, height = 0;
        bool required = false;
    } framebuffer;
    bool kaslr = false;
    bool kaslr_required = false;
    BatonFiveLevel five_level = BATON_FIVE_LEVEL_NEVER;
    std::optional<VirtAddr> direct_map;
    bool direct_map_required = false;
    bool symbols = false;
    bool symbols_required = false;
    std::optional<VirtAddr> base;
    bool base_required = false;
    bool refuse_write_execute = false;
    bool runtime_map = false;
    bool runtime_map_required = false;
    /// The lower memory, up to here, is mapped to itself as well; 0: none of it.
    uint64_t identity_bytes = 0;
    bool identity_devices = false; // what the direct map doesn't show there, uncacheable
    bool identity_required = false;
    bool physical = false; // segments go to p_paddr
    bool physical_required = false;
    /// The direct map has all of the lowest 4 GiB, devices too.
    bool direct_map_4_gib = false;
    bool direct_map_reserved = false;   // all that is reserved, as devices are
    bool direct_map_executable = false; // where it is writable
    /// The stack is used where the direct map shows it, and the page below it isn't shown.
    bool stack_in_direct_map = false;
    /// Modules and what the kernel reads must end there or lower.
    PhysAddr memory_below{~uint64_t{0}};
    /// And modules at low addresses from there on, where memory is free.
    std::optional<PhysAddr> modules_from;
    bool keep_firmware = false; // the kernel is called with boot services
    bool kernel_file = false;
    bool kernel_file_required = false;
    uint64_t processor_stack_bytes = 0; // of each other processor, whole pages; 0: stack_bytes
    uint32_t processors = 1;            // that run, at most, with that of the kernel
    uint32_t watchdog_seconds = 0;      // 0: no watchdog
    bool watchdog_required = false;
    bool processors_required = false;
    bool takes_processors = true;       // what the kernel reads has a place for others
    bool x2apic = false;                // if possible, where other processors are started
    bool modules_first = false;         // before those of the boot entry, and all of them
    std::span<RequestedModule> modules; // the first module_count are filled in
    uint32_t module_count = 0;
    uint32_t unknown_count = 0; // requests of unknown types, none of them required
    uint32_t left_out = 0; // bit n: a request of type n that can't be met anywhere, not required
    /// The direct map has memory of these types alone: bits (1 << BatonMemoryType); 0: all that can
    /// be cached. With RESERVED, the firmware's tables in reserved memory.
    uint32_t direct_map_types = 0;
    /// Interrupt controllers are masked, and with `local_apic` the state of that one is defined.
    bool mask_interrupts = false;
    bool local_apic = false;
    bool stop_iommus = false;
    bool any = false;          // there is a note of ours
    const void* own = nullptr; // the protocol's, if it has more to remember
    Bytes build_id;            // the note GNU, NT_GNU_BUILD_ID; empty where there is none

    std::span<const RequestedModule> requested_modules() const {
        return modules.first(module_count);
    }
};

/// A kernel may name that many modules.
inline constexpr std::size_t kMaxRequestedModules = 64;

/// "STACK" and its like, for people; empty: there is no such type.
std::string_view request_name(uint32_t type);

/// The error of a required request that can't be met, about its name.
std::unexpected<Error> request_not_met(uint32_t type, uint64_t value, uint64_t other_value = 0);

} // namespace baton

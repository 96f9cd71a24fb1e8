// SPDX-License-Identifier: BSD-2-Clause
//
// All that a kernel may want to know, before a protocol has put it into its own record.
#pragma once

#include "abi/boot_info.h"
#include "acpi/processors.hpp"
#include "core/bytes.hpp"
#include "core/wipe.hpp"
#include "fault/previous_boot.hpp"
#include "loading/kernel_file.hpp"
#include "log/log.hpp"
#include "plan/address_space.hpp"
#include "plan/load_plan.hpp"
#include "plan/requests.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace baton {

class Protocol;

/// Random numbers, and their sources. They are secrets: there is one object of them, and the
/// kernel's is the only copy.
struct RandomNumbers {
    std::array<uint64_t, 8> seed; // for the kernel
    uint64_t slide;               // for KASLR
    bool from_firmware;
    bool from_processor;

    /// Whether nobody else knows them. Without either source they come from the time alone.
    bool are_secret() const { return from_firmware || from_processor; }
    void forget() {
        wipe(&seed, sizeof seed);
        wipe(&slide, sizeof slide);
    }
};

/// What a stage 1 knows of its machine. Physical addresses; 0: there is none.
struct MachineFacts {
    uint64_t firmware_cr3 = 0;
    uint64_t rsdp = 0; // ACPI's root pointer
    uint64_t smbios = 0;
    uint64_t smbios3 = 0;
    uint64_t efi_system_table = 0;
    uint64_t efi_image = 0; // the loader's handle
    // Bytes of what `rsdp`, `smbios` and `smbios3` point to; empty where there is none.
    Bytes root_pointer = {};
    Bytes smbios_entry = {};
    Bytes smbios3_entry = {};
    uint32_t firmware_revision = 0;
    uint32_t uefi_revision = 0;
    BatonSecureBoot secure_boot = BATON_SECURE_BOOT_UNKNOWN;
    uint32_t trust_flags = 0; // BATON_TRUST_*
    BatonVerifiedBy verified_by = BATON_VERIFIED_BY_NOBODY;
    int64_t unix_time_seconds = 0;
    uint64_t unix_time_tsc = 0;
    BatonFirmwareState firmware_state{};
    BatonVirtualization virtualization{};
    BatonBootDevice boot_device{}; // without its texts
    std::string_view device_path = {};
    std::string_view loader_path = {}; // with slashes
    std::string_view firmware_vendor = {};
};

/// A display adapter. `framebuffer.address`, `.edid` and `.modes` are for the record to fill in.
struct Display {
    BatonFramebuffer framebuffer;
    Bytes edid; // the firmware's memory
    std::span<BatonVideoMode> modes;
};

/// A module in its frames.
struct Module {
    PhysRange contents;
    std::string_view path;   // without the suffix of a compressed file
    std::string_view string; // what the boot entry says of it
};

/// A kernel in its frames, ready to run.
struct Kernel {
    std::string_view path;
    const Protocol* protocol;
    const KernelFile* file;
    Requests requests; // those that are met
    bool kaslr;
    bool five_level;
    LoadPlan plan; // placed
    std::optional<KernelFile::Symbols> symbols;
    std::optional<Block> whole_file;
};

/// A processor of the machine.
struct ListedProcessor {
    acpi::Processor facts;
    bool is_started; // by stage 2
    VirtRange stack; // empty: it has none
};

/// What a protocol writes its record from.
struct BootFacts {
    const Kernel& kernel;
    std::span<const Module> modules;
    const Layout& layout;
    PhysAddr page_table_root;
    std::span<const Display> displays;
    std::span<const IdentityMapping> identity;
    std::span<const BatonRegisterWrite> watchdog_disarm; // empty: there is no watchdog
    MachineFacts machine;
    std::span<const ListedProcessor> processors = {}; // that of the kernel is the first
    bool x2apic = false;                              // local APICs are in this mode
    const RandomNumbers& random;
    const PreviousBoot& previous;
    std::string_view command_line;
    BatonBootPath path;
    uint64_t tsc_hz;                    // 0: not known
    std::size_t firmware_map_bytes = 0; // of LastFacts::firmware_map, at most
    std::span<const char> log_memory = {};
};

/// The firmware's memory map: UEFI 2.10 section 7.2.3.
struct FirmwareMap {
    Bytes bytes;
    uint32_t descriptor_bytes = 0;
    uint32_t descriptor_version = 0;
};

/// The TPM's, in a block of frames.
struct EventLog {
    const std::byte* log = nullptr;
    uint64_t bytes = 0;
    BatonEventLogFormat format = BATON_EVENT_LOG_NONE;
    bool truncated = false;
};

/// What is known once the firmware is gone.
struct LastFacts {
    FirmwareMap firmware_map;
    EventLog event_log = {};
    bool runtime_mapped; // SetVirtualAddressMap succeeded
    std::string_view log;
    std::span<const Step> steps;
};

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// What the recipe needs, where Baton was started without firmware services: all files are in memory
// already, and there is nothing to leave.
#pragma once

#include "boot/platform.hpp"
#include "config/boot_entry.hpp"
#include "memory/map_frames.hpp"
#include "start_info/firmware_tables.hpp"
#include "start_info/start_info.hpp"

#include <optional>
#include <span>

namespace baton {

/// A module by the path that the kernel will find, as normalise_path() makes it.
struct NamedModule {
    MemoryFile file;
    BootModule entry;
};

class StartPlatform final : public Platform {
  public:
    /// All of it is referred to.
    struct Given {
        const StartInfo& start;
        const FirmwareTables& tables;
        MapFrames& frames;
        std::span<const PhysRange> memory; // memory_to_map()
        std::span<NamedModule> modules;    // the kernel is the first
        bool huge_pages;
    };
    explicit StartPlatform(const Given& given) : given_(given) {}

    FrameSource& frames() override { return given_.frames; }
    Result<FileSource*> open_kernel(std::string_view path) override;
    Result<FileSource*> open_module(std::string_view path) override;
    Result<std::span<const PhysRange>> memory(Arena& /*arena*/) override { return given_.memory; }
    Result<MachineFacts> facts(Arena& arena) override;
    Result<std::size_t> reserve_memory_map() override;
    Result<std::span<TypedRange>> read_memory_map(std::span<TypedRange> buffer) override;

    Result<acpi::Processors> processors(Arena& arena) override;
    Result<std::span<const PhysRange>> reserved_tables(Arena& arena) override;
    Result<Displays> find_displays(const Requests& requests, Arena& arena) override;
    Result<void> make_executable(PhysRange code, PhysRange data) override;
    std::optional<WatchdogPlan> find_watchdog(uint32_t seconds,
                                              std::span<const PhysRange> avoid) override;
    InterruptPlan find_interrupts(const InterruptChoice& choice,
                                  std::span<const PhysRange> memory) override;
    FirmwareMap firmware_map() override;
    std::size_t firmware_map_bytes() override { return given_.start.efi_map.size(); }
    void mask_interrupts(const InterruptPlan& plan) override;
    void start_watchdog(const WatchdogPlan& plan) override;

  private:
    Given given_;
    Display display_{};
    BatonVideoMode mode_{};
};

/// What may be shown in a direct map: RAM, and the pages of the tables that BootInfo names. In
/// `arena`. Error: out_of_memory.
Result<std::span<const PhysRange>> memory_to_map(const StartInfo& start,
                                                 const FirmwareTables& tables, Arena& arena);

} // namespace baton

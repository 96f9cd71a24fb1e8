// SPDX-License-Identifier: BSD-2-Clause
//
// UEFI, as the recipe sees it.
#pragma once

#include "boot/platform.hpp"
#include "log/log.hpp"
#include "stage1-efi/boot_device.hpp"
#include "stage1-efi/boot_files.hpp"
#include "stage1-efi/boot_memory_map.hpp"
#include "stage1-efi/console.hpp"
#include "stage1-efi/event_log.hpp"
#include "stage1-efi/firmware_frames.hpp"
#include "stage1-efi/firmware_state.hpp"
#include "stage1-efi/graphics.hpp"

#include <optional>

namespace baton {

class EfiPlatform final : public Platform {
  public:
    /// All of it is referred to.
    struct Given {
        const efi::Firmware& firmware;
        const FirmwareMemory& firmware_memory;
        const BootFiles::Given& files;
        const FirmwareFrames& entries_frames; // which the boot entries are in
        Console& console;
        Log& log;
    };
    /// What it allocates is given back when it goes, and displays get their modes back, but for an
    /// error of leave(), after which nothing can be.
    explicit EfiPlatform(const Given& given)
        : given_(given),
          frames_(given.firmware, given.firmware_memory.occupied, &given.entries_frames),
          files_(given.files, frames_) {}
    ~EfiPlatform();
    EfiPlatform(const EfiPlatform&) = delete;
    EfiPlatform& operator=(const EfiPlatform&) = delete;

    FrameSource& frames() override { return frames_; }
    Result<FileSource*> open_kernel(std::string_view path) override;
    Result<FileSource*> open_module(std::string_view path) override { return files_.open(path); }
    Result<std::span<const PhysRange>> memory(Arena& arena) override;
    Result<MachineFacts> facts(Arena& arena) override;
    Result<std::size_t> reserve_memory_map() override;
    Result<std::span<TypedRange>> read_memory_map(std::span<TypedRange> buffer) override;
    uint64_t exit() override;

    Result<acpi::Processors> processors(Arena& arena) override;
    Result<std::span<const PhysRange>> reserved_tables(Arena& arena) override;
    bool can_map_runtime_services() override;
    Result<std::span<const RuntimeRange>> runtime_memory(Arena& arena) override;
    Result<Displays> find_displays(const Requests& requests, Arena& arena) override;
    Result<void> make_executable(PhysRange code, PhysRange data) override;
    std::optional<WatchdogPlan> find_watchdog(uint32_t seconds,
                                              std::span<const PhysRange> avoid) override;
    InterruptPlan find_interrupts(const InterruptChoice& choice,
                                  std::span<const PhysRange> memory) override;
    void prepare_to_leave(std::optional<PhysAddr> crash_record) override;
    EventLog event_log() override { return event_log_.complete(); }
    FirmwareMap firmware_map() override;
    std::size_t firmware_map_bytes() override {
        return final_map_.capacity() * final_map_.descriptor_bytes();
    }
    bool can_stay() override { return true; }
    void stay(std::span<const Region> kernel) override;
    uint64_t map_runtime_services(VirtAddr direct_map) override;
    void mask_interrupts(const InterruptPlan& plan) override;
    void start_watchdog(const WatchdogPlan& plan) override;

  private:
    void add_trust(MachineFacts& facts) const;

    Given given_;
    FirmwareFrames frames_;
    BootFiles files_;
    bool kernel_verified_ = false;
    EventLogCopy event_log_;
    FinalMemoryMap final_map_;
    std::optional<FormerMode> former_mode_;
};

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// The way from one boot entry to stage 2, step by step.
#pragma once

#include "abi/handoff.h"
#include "config/boot_entry.hpp"
#include "core/arena.hpp"
#include "core/error.hpp"
#include "plan/boot_record.hpp"
#include "plan/direct_map.hpp"
#include "plan/load_plan.hpp"
#include "plan/previous_boot.hpp"
#include "plan/watchdog.hpp"
#include "plan/wishes.hpp"
#include "stage1-efi/boot_device.hpp"
#include "stage1-efi/boot_memory_map.hpp"
#include "stage1-efi/firmware_frames.hpp"
#include "stage1-efi/firmware_state.hpp"
#include "stage1-efi/graphics.hpp"
#include "stage1-efi/kernel_file.hpp"
#include "stage1-efi/log.hpp"
#include "stage1-efi/random_source.hpp"
#include "stage1-efi/stage2_block.hpp"

#include <array>
#include <optional>
#include <span>
#include <string_view>

namespace baton {

class Boot {
  public:
    /// All of it is referred to.
    struct Given {
        const efi::Firmware& firmware;
        const FirmwareMemory& occupied; // memory that the firmware lives in
        const PreviousBoot& previous;
        const File& volume;
        const BootEntry& entry; // what to boot
        Console& console;
        Log& log;
    };
    explicit Boot(const Given& given);

    /// Boots the kernel. Returns only if it can't: then all memory has been given back by the time
    /// this object is gone, but for exit_boot_services_failed, after which none can be.
    Error run();

  private:
    Result<void> read_headers();
    Result<void> plan_kernel();
    Result<void> find_modules();
    Result<void> load_kernel();
    Result<void> load_modules();
    Result<void> plan_memory();
    Result<void> load_stage2();
    Result<void> make_records();
    Result<void> build_page_tables();
    Result<void> make_handoff_record();
    void decide_after_fault();
    Result<void> prepare_watchdog();
    /// For the kernel; empty without a watchdog.
    Bytes watchdog_disarm() const {
        return watchdog_ ? std::as_bytes(std::span(watchdog_disarm_)) : Bytes{};
    }
    Result<void> leave_firmware();
    [[noreturn]] void hand_over();

    Result<uint64_t> choose_slide(const ImageExtent& extent);
    Result<void> decide_runtime_map();
    Result<void> decide_paging_levels();
    Result<void> load_symbols();
    Result<void> load_kernel_file();
    void leave_out_wish(uint32_t type);
    Result<void> find_module(std::string_view path, std::string_view string);
    Result<void> find_wished_module(std::string_view path);
    Result<const char*> module_origin(std::string_view path);
    Result<void> name_boot_device();
    void fill_in_facts();
    Result<void> fill_in_kernel();
    void map_runtime_services();
    std::span<const TypedRange> final_claims();
    uint64_t claim_capacity() const;

    Result<std::span<std::byte>> allocate_bytes(uint64_t bytes, FrameRequest request);
    Result<Arena> allocate_arena(uint64_t bytes);
    void describe_plan();
    void warn(const TextWriter& text);

    struct Module {
        PhysRange contents;
        std::string_view path;
        std::string_view string;
    };

    const efi::Firmware& firmware_;
    const FirmwareMemory& firmware_memory_;
    const PreviousBoot& previous_boot_;
    const File& volume_;
    const BootEntry& entry_;
    Console& console_;
    Log& log_;
    FirmwareFrames frames_;
    FileReader reader_;
    RandomNumbers random_;

    // In the order in which the steps fill them in.
    std::optional<KernelFile> kernel_;
    Wishes wishes_;
    bool five_level_ = false;
    bool kaslr_ = false;
    LoadPlan plan_{};
    std::optional<KernelFile::Symbols> symbols_;
    std::span<std::byte> whole_kernel_; // empty unless wished
    std::span<Module> modules_;
    std::size_t module_count_ = 0;
    std::span<const Display> displays_;
    std::span<DirectMapping> direct_map_;
    Layout layout_{};
    PhysAddr stack_{};
    std::span<PhysRange> kernel_pages_as_physical_; // what identity mappings must avoid
    Stage2Block stage2_;
    std::span<std::byte> handoff_memory_;
    std::optional<WatchdogPlan> watchdog_;
    std::array<BatonRegisterWrite, 4> watchdog_disarm_{};
    FinalMemoryMap final_map_;
    std::span<TypedRange> claims_;
    BootDevice boot_device_{};
    std::string_view firmware_vendor_;
    BootRecord record_;
    PhysAddr page_table_root_{};
    BatonHandoff* handoff_ = nullptr;
};

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// The way from a running firmware to stage 2, step by step.
#pragma once

#include "abi/handoff.h"
#include "core/arena.hpp"
#include "core/error.hpp"
#include "plan/boot_record.hpp"
#include "plan/direct_map.hpp"
#include "plan/load_plan.hpp"
#include "stage1-efi/boot_memory_map.hpp"
#include "stage1-efi/firmware_frames.hpp"
#include "stage1-efi/firmware_state.hpp"
#include "stage1-efi/kernel_file.hpp"
#include "stage1-efi/log.hpp"
#include "stage1-efi/stage2_block.hpp"

#include <optional>
#include <string_view>

namespace baton {

class Boot {
  public:
    Boot(const efi::Firmware& firmware, Console& console, Log& log);

    /// Boots the kernel. Returns only if it can't: then all memory has been given back by the time
    /// this object is gone, but for exit_boot_services_failed, after which none can be.
    Error run();

  private:
    Result<void> check_machine();
    Result<void> read_kernel_file();
    Result<void> plan_kernel();
    Result<void> place_kernel();
    Result<void> plan_memory();
    Result<void> load_stage2();
    Result<void> make_records();
    Result<void> build_page_tables();
    Result<void> leave_firmware();
    [[noreturn]] void hand_over();

    Result<std::span<std::byte>> allocate_bytes(uint64_t bytes, FrameRequest request = {});
    Result<Arena> allocate_arena(uint64_t bytes);
    std::span<const BatonFramebuffer> framebuffers() const;
    void describe_plan();
    std::span<const TypedRange> final_claims();

    const efi::Firmware& firmware_;
    Console& console_;
    Log& log_;
    uint64_t firmware_cr3_;
    RangeSet firmware_tables_; // frames of the firmware's page tables
    RangeSet occupied_;        // these, and what else the firmware lives in
    FirmwareFrames frames_;

    // In the order in which the stages fill them in.
    Bytes file_;
    LoadPlan plan_;
    std::optional<BatonFramebuffer> framebuffer_;
    std::span<DirectMapping> direct_map_;
    Layout layout_{};
    PhysAddr stack_{};
    std::span<PhysRange> kernel_pages_as_physical_; // what identity mappings must avoid
    Stage2Block stage2_;
    FinalMemoryMap final_map_;
    std::span<TypedRange> claims_;
    BootRecord record_;
    BatonHandoff* handoff_ = nullptr;
    PhysRange handoff_pages_{};
};

} // namespace baton

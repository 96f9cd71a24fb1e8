// SPDX-License-Identifier: BSD-2-Clause
//
// The way from a boot entry to stage 2, step by step, for every stage 1: the kernel and its modules
// get into their frames, the address space is built, the records are made, the firmware is left.
// All that can fail comes before that.
#pragma once

#include "abi/handoff.h"
#include "config/boot_entry.hpp"
#include "core/error.hpp"
#include "core/wipe.hpp"
#include "handoff/decompressed_file.hpp"
#include "handoff/kernel_file.hpp"
#include "handoff/log.hpp"
#include "handoff/memory.hpp"
#include "handoff/platform.hpp"
#include "handoff/stage2_block.hpp"
#include "plan/boot_record.hpp"
#include "plan/direct_map.hpp"
#include "plan/load_plan.hpp"
#include "plan/previous_boot.hpp"
#include "plan/requests.hpp"
#include "plan/watchdog.hpp"
#include "serial/uart.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace baton {

/// What the processor can do. It has long mode and NX.
struct Processor {
    bool huge_pages;        // 1 GiB: CPUID 80000001h EDX bit 26
    bool five_level_paging; // CPUID 7 ECX bit 16
};

/// Random numbers, and who had a part in them. They are secrets: there is one object of them, and
/// no copy is made but the kernel's.
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

class HandoffBuilder final : private MemoryListener {
  public:
    /// What is not a number or a set of these is referred to.
    struct Given {
        Platform& platform;
        const BootEntry& entry; // what to boot
        Log& log;
        Bytes stage2; // stage2.bin
        Processor processor;
        RandomNumbers& random; // forgotten once the kernel has them
        ReportPorts ports;     // where stage 2 reports exceptions to
        const PreviousBoot& previous;
        BatonBootPath path;
    };
    explicit HandoffBuilder(const Given& given) : given_(given) {}

    /// All that can fail; the log names the steps. Errors name what they are about, with the
    /// kernel's path where nothing else is.
    Result<void> build();

    /// After build(): leaves the firmware, and completes the records. An error is one of
    /// Platform::leave(). Then stage2().entry64() is to be called with the record.
    Result<const BatonHandoff*> leave();

    // What build() has found.
    const KernelFile& kernel() const { return *kernel_; }
    const Requests& requests() const { return requests_; }
    const LoadPlan& plan() const { return plan_; }
    const Layout& layout() const { return layout_; }
    std::span<const DirectMapping> direct_map() const { return direct_map_; }
    const Stage2Block& stage2() const { return stage2_; }
    PhysAddr page_table_root() const { return page_table_root_; }
    uint64_t page_table_frames() const { return page_table_frames_; }
    bool five_level() const { return five_level_; }
    const BatonBootInfo& boot_info() { return record_.info(); }
    const BatonHandoff* handoff() const { return handoff_; }

  private:
    struct Module {
        PhysRange contents;
        std::string_view file; // its path
        std::string_view path; // for the kernel: without the suffix of a compressed file
        std::string_view string;

        bool is_compressed() const { return path.size() != file.size(); }
    };

    bool done(const Result<void>& step, std::string_view name);

    // builder_kernel.cpp
    Result<void> read_headers();
    Result<void> plan_kernel();
    Result<void> find_modules();
    Result<void> load_kernel();
    Result<void> load_modules();
    Result<void> load_module(Module& module);
    void apply_entry();
    Result<void> decide_runtime_map();
    Result<void> decide_paging_levels();
    Result<uint64_t> choose_slide(const ImageExtent& extent);
    Result<void> find_module(std::string_view path, std::string_view string);
    Result<void> find_requested_module(std::string_view path);
    Result<const char*> module_origin(std::string_view path);
    Result<void> load_symbols();
    Result<void> load_kernel_file();
    void leave_out_request(uint32_t type);
    void describe_decompression(std::string_view path, DecompressedFile& file, uint64_t start);
    OtherProtocols other_protocols() const;
    Error explained(const Error& error) const;
    void warn_of_other_protocols();
    void describe_kernel();
    void describe_plan();
    void describe_place(const TextWriter& text) const;

    // builder_memory.cpp
    Result<void> plan_memory();
    Result<void> plan_addresses();
    Result<void> plan_direct_map();
    Result<void> plan_layout();
    Result<void> check_runtime_code();
    Result<void> load_stage2();
    Result<void> prepare_watchdog();
    Result<void> build_page_tables();
    Bytes watchdog_disarm() const;
    std::span<const IdentityMapping> identity_mappings() const {
        return std::span(identity_mappings_).first(identity_mapping_count_);
    }
    void plan_identity_mappings();

    // builder_records.cpp
    Result<void> make_records();
    Result<void> create_record();
    Result<void> fill_in_kernel();
    void fill_in_facts();
    Result<void> make_handoff_record();
    void decide_after_fault();
    Result<void> leave_firmware();
    Result<void> memory_is_known() override;
    void complete_records();

    uint64_t in_direct_map(PhysAddr address) const {
        return layout_.direct_map.base.value + address.value;
    }
    FrameSource& frames() const { return given_.platform.frames(); }
    Log& log() const { return given_.log; }
    const BootEntry& entry() const { return given_.entry; }

    // At most: stage 2's, the watchdog's, and two pages for each UART.
    static constexpr std::size_t kIdentityMappings = 5 + 2 * BATON_HANDOFF_UARTS;

    Given given_;

    // In the order in which the steps fill them in.
    std::optional<DecompressedFile> decompressed_; // the kernel's file, where it is compressed
    std::optional<KernelFile> kernel_;
    Requests requests_;
    bool five_level_ = false;
    bool kaslr_ = false;
    LoadPlan plan_{};
    std::optional<KernelFile::Symbols> symbols_;
    std::optional<Block> whole_kernel_; // where it is requested
    std::span<Module> modules_;
    std::size_t module_count_ = 0;
    std::span<const Display> displays_;
    std::span<const DirectMapping> direct_map_;
    Layout layout_{};
    PhysAddr stack_{};
    std::span<PhysRange> kernel_pages_as_physical_; // what identity mappings must avoid
    Stage2Block stage2_;
    Block handoff_memory_;
    std::optional<WatchdogPlan> watchdog_;
    std::array<BatonRegisterWrite, 4> watchdog_disarm_{};
    std::array<IdentityMapping, kIdentityMappings> identity_mappings_{};
    std::size_t identity_mapping_count_ = 0;
    PhysAddr page_table_root_{};
    uint64_t page_table_frames_ = 0;
    std::span<TypedRange> claims_;
    BootRecord record_;
    BatonHandoff* handoff_ = nullptr;
    std::optional<Error> error_; // of the step that failed
};

} // namespace baton

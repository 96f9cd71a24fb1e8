// SPDX-License-Identifier: BSD-2-Clause
//
// The boot of an ELF file as stage 1 does it, from its header to the page tables and the records,
// with a check after each step: it must do what it promises, or refuse with a named error.
#pragma once

#include "boot/handoff_record.hpp"
#include "elf/image.hpp"
#include "fuzz/frames.hpp"
#include "fuzz/image_oracle.hpp"
#include "fuzz/machine.hpp"
#include "paging/page_mapper.hpp"
#include "plan/address_space.hpp"
#include "plan/load_plan.hpp"
#include "plan/requests.hpp"

#include <optional>
#include <span>
#include <vector>

namespace baton::fuzz {

inline constexpr uint64_t kStage2CodeBytes = kPageBytes;
inline constexpr uint64_t kStage2Bytes = 3 * kPageBytes;

class ImageBoot {
  public:
    ImageBoot(Bytes file, const Machine& machine)
        : file_(file),
          machine_(machine),
          frames_(machine.memory(), machine.frame_options()) {}

    /// Goes on to the first step that refuses the file.
    void run();

  private:
    Result<void> read_headers();
    Result<void> read_requests();
    Result<void> plan_kernel();
    Result<uint64_t> choose_slide(const ImageExtent& extent);
    void check_extent(const ImageExtent& extent, uint64_t slide);
    void check_plan();
    Result<void> check_write_execute();
    Result<void> load_kernel();
    void check_regions();
    void check_contents();
    Result<void> relocate_kernel();
    Result<void> plan_memory();
    Result<void> load_stage2();
    Result<void> build_page_tables();
    void check_page_tables(const PageMapper& mapper);
    void check_frames(std::vector<test::MappedRun> runs);
    std::vector<test::MappedRun> expected_runs();
    Result<void> make_records();
    void check_memory_map(const BatonBootInfo& info);

    PageSpan frames_of(const KernelPages& pages) const {
        const uint64_t first = plan_.physical({pages.span.first * kPageBytes}).value / kPageBytes;
        return {first, first + (pages.span.end - pages.span.first)};
    }

    Bytes file_;
    const Machine& machine_;
    Frames frames_;
    FrameArena arena_{frames_};

    std::optional<elf::Image> image_;
    std::vector<elf::Elf64_Phdr> headers_;
    Requests requests_;
    bool five_level_ = false;
    LoadPlan plan_{};
    std::vector<KernelPages> pages_;
    Buffer firmware_map_;
    std::vector<BatonFramebuffer> framebuffers_;
    std::span<const DirectMapping> direct_map_;
    Layout layout_{};
    PhysAddr stack_{};
    PhysAddr stage2_{};
    std::optional<HandoffRecord> handoff_;
    PhysAddr root_{};
};

} // namespace baton::fuzz

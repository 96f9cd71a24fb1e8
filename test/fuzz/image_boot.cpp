// SPDX-License-Identifier: BSD-2-Clause
#include "fuzz/image_boot.hpp"

#include "boot/fake_platform.hpp"
#include "fuzz/require.hpp"
#include "loading/relocate.hpp"
#include "plan/direct_map.hpp"
#include "plan/file_reads.hpp"
#include "plan/slide.hpp"
#include "protocols/baton/boot_info_record.hpp"
#include "protocols/baton/notes.hpp"

#include <algorithm>

namespace baton::fuzz {

void ImageBoot::run() {
    using Step = Result<void> (ImageBoot::*)();
    for (const Step step :
         {&ImageBoot::read_headers, &ImageBoot::plan_kernel, &ImageBoot::load_kernel,
          &ImageBoot::plan_memory, &ImageBoot::build_page_tables, &ImageBoot::make_records}) {
        const auto done = (this->*step)();
        require_named(done);
        if (!done)
            return;
    }
}

Result<void> ImageBoot::read_headers() {
    const auto image = elf::Image::parse(file_);
    if (!image)
        return std::unexpected(image.error());
    image_ = *image;
    headers_ = program_headers(file_);
    require(headers_.size() == image->program_header_count(), "no program header is left out");
    if (auto read = read_requests(); !read)
        return read;
    if (requests_.five_level == BATON_FIVE_LEVEL_REQUIRED && !machine_.has(kFiveLevelProcessor))
        return fail(ErrorCode::request_not_met, {BATON_REQUEST_5_LEVEL_PAGING});
    five_level_ =
        machine_.has(kFiveLevelProcessor) && requests_.five_level != BATON_FIVE_LEVEL_NEVER;
    return {};
}

Result<void> ImageBoot::read_requests() {
    requests_.modules = TRY(arena_.array<RequestedModule>(kMaxRequestedModules));
    for (uint32_t i = 0; i < headers_.size(); ++i) {
        const elf::Elf64_Phdr& header = headers_[i];
        if (header.p_type != elf::PT_NOTE || header.p_filesz == 0)
            continue;
        if (!fits(header.p_offset, header.p_filesz, file_.size()))
            return fail(ErrorCode::segment_outside_file, {i});
        const Bytes notes = file_.subspan(header.p_offset, header.p_filesz);
        if (auto taken = take_notes({notes, header.p_align, i}, requests_); !taken)
            return taken;
    }
    return {};
}

Result<void> ImageBoot::plan_kernel() {
    const auto extent = measure(*image_);
    if (!extent)
        return std::unexpected(extent.error());
    const auto slide = choose_slide(*extent);
    if (!slide)
        return std::unexpected(slide.error());
    check_extent(*extent, *slide);
    plan_ = TRY(
        plan_load(*image_, {.slide = *slide, .address_bits = address_bits(five_level_)}, arena_));
    pages_ = kernel_pages(headers_, plan_.slide);
    check_plan();
    return check_write_execute();
}

Result<uint64_t> ImageBoot::choose_slide(const ImageExtent& extent) {
    if (!image_->header().position_independent)
        return 0;
    if (machine_.has(kKaslr) || requests_.kaslr)
        return random_slide(extent, machine_.random());
    const auto slide = slide_to(extent, requests_.base);
    if (slide || !requests_.base || requests_.base_required)
        return slide;
    requests_.base.reset();
    return slide_to(extent, {});
}

Result<void> ImageBoot::load_kernel() {
    const std::size_t blocks_before = frames_.blocks().size();
    if (auto placed = place(plan_, frames_); !placed)
        return placed;
    require(frames_.blocks().size() - blocks_before == plan_.regions.size(),
            "each region has a block");
    check_regions();
    FileReads reads(plan_);
    while (const auto read = reads.next()) {
        require(fits(read->offset, read->bytes, file_.size()), "a read stays inside the file");
        std::byte* const into = frames_.access(read->destination);
        std::ranges::copy(file_.subspan(read->offset, read->bytes), into);
    }
    check_contents();
    return relocate_kernel();
}

/// What relocations must leave alone is all that is not file bytes.
Result<void> ImageBoot::relocate_kernel() {
    std::vector<Buffer> before;
    for (const Region& region : plan_.regions) {
        const Bytes memory(frames_.access(region.physical), region.pages.bytes);
        before.emplace_back(memory.begin(), memory.end());
    }
    const auto counts = relocate(plan_, frames_);
    for (const Segment& segment : plan_.segments) {
        const Region& region = *plan_.region_of(segment.memory.base);
        const auto index = static_cast<std::size_t>(&region - plan_.regions.data());
        std::copy_n(frames_.access(plan_.physical(segment.memory.base)), segment.file_bytes,
                    before[index].data() + (segment.memory.base - region.pages.base));
    }
    for (std::size_t i = 0; i < before.size(); ++i) {
        const Region& region = plan_.regions[i];
        const Bytes memory(frames_.access(region.physical), region.pages.bytes);
        require(std::ranges::equal(before[i], memory),
                "relocations change nothing but the file bytes of segments");
    }
    if (!counts)
        return std::unexpected(counts.error());
    return {};
}

Result<void> ImageBoot::plan_memory() {
    firmware_map_ = as_firmware_map(machine_.descriptors());
    framebuffers_ = machine_.framebuffers();
    const EfiMemoryMap map(firmware_map_, kDescriptorBytes);
    std::vector<PhysRange> room(map.size());
    const auto memory = efi_cacheable_ranges(map, room);
    const DirectMapParts parts{.memory = memory, .plan = plan_, .framebuffers = framebuffers_};
    direct_map_ = TRY(plan_direct_map(parts, arena_));

    LayoutRequests requests{.physical_end = physical_end(direct_map_),
                            .stack_bytes = requests_.stack_bytes,
                            .direct_map = requests_.direct_map};
    auto layout = plan_layout(plan_, requests);
    if (!layout && layout.error().code == ErrorCode::request_not_met &&
        !requests_.direct_map_required) {
        requests.direct_map = {};
        layout = plan_layout(plan_, requests);
    }
    if (!layout)
        return std::unexpected(layout.error());
    layout_ = *layout;
    require(layout_.stack.bytes == requests_.stack_bytes, "the stack is as large as requested");
    if (requests.direct_map)
        require(layout_.direct_map.base == *requests.direct_map,
                "the direct map is where requested");
    const auto stack = frames_.allocate(
        {.pages = layout_.stack.bytes / kPageBytes, .use = MemoryUse::kernel_stack});
    if (!stack)
        return std::unexpected(stack.error());
    stack_ = *stack;
    return load_stage2();
}

/// What is identity-mapped, clear of the kernel's addresses.
Result<void> ImageBoot::load_stage2() {
    std::vector<PhysRange> avoid;
    for (const Region& region : plan_.regions)
        avoid.push_back({{region.pages.base.value}, region.pages.bytes});
    const auto stage2 = frames_.allocate({.pages = kStage2Bytes / kPageBytes,
                                          .use = MemoryUse::stage2,
                                          .avoid = avoid,
                                          .below = k4GiB});
    if (!stage2)
        return std::unexpected(stage2.error());
    stage2_ = *stage2;
    handoff_ = TRY(HandoffRecord::make(plan_.segments.size(), 0, frames_, avoid));
    return {};
}

Result<void> ImageBoot::build_page_tables() {
    auto mapper = PageMapper::create(
        frames_, {.huge_pages = machine_.has(kHugePages), .five_level = five_level_});
    if (!mapper)
        return std::unexpected(mapper.error());
    require(mapper->root().value < uint64_t{1} << 32, "the root is below 4 GiB");
    const PhysRange handoff = handoff_->memory.pages();
    const IdentityMapping identity[] = {
        {{stage2_, kStage2CodeBytes}, Access::read_execute},
        {{stage2_ + kStage2CodeBytes, kStage2Bytes - kStage2CodeBytes}, Access::read_write},
        {handoff, Access::read_only}};
    const auto mapped = map_address_space(*mapper, {.plan = plan_,
                                                    .layout = layout_,
                                                    .direct_map = direct_map_,
                                                    .stack = stack_,
                                                    .identity = identity});
    if (!mapped) {
        require(mapped.error().code == ErrorCode::out_of_memory,
                "what was planned can be mapped if there is memory for the tables");
        return mapped;
    }
    root_ = mapper->root();
    check_page_tables(*mapper);
    return {};
}

Result<void> ImageBoot::make_records() {
    std::vector<TypedRange> ranges;
    for (const EfiMemoryDescriptor& descriptor : machine_.descriptors())
        ranges.push_back(efi_typed_range(descriptor));
    test::BufferFile source;
    source.bytes = file_;
    const KernelFile file = TRY(KernelFile::open(source, frames_, arena_));
    Kernel kernel{};
    kernel.path = "\\kernel";
    kernel.file = &file;
    kernel.requests = requests_;
    kernel.five_level = five_level_;
    kernel.plan = plan_;
    std::vector<Display> displays(framebuffers_.size());
    for (std::size_t i = 0; i < displays.size(); ++i)
        displays[i].framebuffer = framebuffers_[i];
    constexpr std::size_t kBlocksToCome = 16;
    auto& record = *TRY(
        BootInfoRecord::make({.kernel = kernel,
                              .modules = {},
                              .layout = layout_,
                              .page_table_root = root_,
                              .displays = displays,
                              .identity = {},
                              .watchdog_disarm = {},
                              .machine = {},
                              .random = RandomNumbers{},
                              .previous = PreviousBoot{},
                              .command_line = {},
                              .path = BATON_BOOT_PATH_UEFI,
                              .tsc_hz = 0},
                             ranges.size() + frames_.blocks().size() + kBlocksToCome, frames_));
    require((record.info().build_id != 0) == !requests_.build_id.empty(), "a build id is kept");
    for (const FrameBlock& block : frames_.blocks())
        ranges.push_back({.range = block.range, .type = BATON_MEMORY_KERNEL_AND_MODULES});
    record.set_memory_map(ranges);
    check_memory_map(record.info());

    record.complete({.firmware_map = {}, .runtime_mapped = false, .log = {}, .steps = {}});
    handoff_->fill({.plan = plan_,
                    .layout = layout_,
                    .stack = {},
                    .page_table_root = root_,
                    .five_level = five_level_,
                    .entry = record.entry_state(),
                    .acknowledgement = record.acknowledgement(),
                    .ports = ReportPorts{},
                    .displays = displays,
                    .after_fault = {},
                    .watchdog_seconds = 0,
                    .tsc_hz = 0});
    require(handoff_->record->segment_count == plan_.segments.size() &&
                record.stage2_time_stamps().value != 0 &&
                handoff_->record->kernel_stack_top % 16 == 0,
            "the handoff record is complete");
    return {};
}

} // namespace baton::fuzz

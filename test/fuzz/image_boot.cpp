// SPDX-License-Identifier: BSD-2-Clause
#include "fuzz/image_boot.hpp"

#include "fuzz/require.hpp"
#include "plan/boot_record.hpp"
#include "plan/direct_map.hpp"
#include "plan/file_reads.hpp"
#include "plan/relocate.hpp"
#include "plan/slide.hpp"

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
    auto arena = allocate_arena(Arena::bytes_for<RequestedModule>(kMaxRequestedModules));
    if (!arena)
        return std::unexpected(arena.error());
    requests_.modules = require_good(arena->array<RequestedModule>(kMaxRequestedModules),
                                     "an arena has what it is for");
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
    auto arena = allocate_arena(load_plan_bytes(*image_));
    if (!arena)
        return std::unexpected(arena.error());
    const auto plan = plan_load(*image_, *slide, address_bits(five_level_), *arena);
    if (!plan) {
        require(plan.error().code != ErrorCode::out_of_memory, "load_plan_bytes() are enough");
        return std::unexpected(plan.error());
    }
    plan_ = *plan;
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
    auto arena = allocate_arena(direct_map_bytes(parts));
    if (!arena)
        return std::unexpected(arena.error());
    direct_map_ = require_good(plan_direct_map(parts, *arena), "direct_map_bytes() are enough");

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
    const auto stack =
        frames_.allocate({.pages = layout_.stack.bytes / kPageBytes, .origin = "kernel stack"});
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
    const PhysAddr below{uint64_t{1} << 32};
    const auto stage2 = frames_.allocate({.pages = kStage2Bytes / kPageBytes,
                                          .use = FrameUse::code,
                                          .avoid = avoid,
                                          .below = below,
                                          .origin = "stage 2"});
    if (!stage2)
        return std::unexpected(stage2.error());
    stage2_ = *stage2;
    const auto handoff = frames_.allocate_bytes(
        handoff_bytes(plan_), {.avoid = avoid, .below = below, .origin = "handoff record"});
    if (!handoff)
        return std::unexpected(handoff.error());
    handoff_memory_ = *handoff;
    return {};
}

Result<void> ImageBoot::build_page_tables() {
    auto mapper = PageMapper::create(
        frames_, {.huge_pages = machine_.has(kHugePages), .five_level = five_level_});
    if (!mapper)
        return std::unexpected(mapper.error());
    require(mapper->root().value < uint64_t{1} << 32, "the root is below 4 GiB");
    const PhysRange handoff =
        page_cover(PhysRange{frames_.address_of(handoff_memory_.data()), handoff_memory_.size()});
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
    std::vector<TypedRange> claims;
    for (const EfiMemoryDescriptor& descriptor : machine_.descriptors())
        claims.push_back(efi_claim(descriptor));
    const BootRecord::Capacity capacity{.segments = plan_.segments.size(),
                                        .framebuffers = framebuffers_.size(),
                                        .video_modes = 0,
                                        .modules = 0,
                                        .identity_mappings = 0,
                                        .time_stamps = kStage2TimeStamps,
                                        .claims = claims.size() + frames_.blocks().size() + 1,
                                        .data_bytes =
                                            BootRecord::data_bytes({}, {requests_.build_id})};
    const auto memory = frames_.allocate_bytes(BootRecord::bytes_needed(capacity));
    if (!memory)
        return std::unexpected(memory.error());
    auto record = require_good(
        BootRecord::create(*memory, frames_.address_of(memory->data()), layout_, capacity),
        "BootRecord::bytes_needed() are enough");
    require_good(record.set_kernel(plan_), "a record has room for its segments");
    record.info().build_id = record.add_bytes(requests_.build_id);
    require((record.info().build_id != 0) == !requests_.build_id.empty(), "a build id finds room");
    for (const BatonFramebuffer& framebuffer : framebuffers_)
        require_good(record.add_framebuffer(framebuffer, {}, {}), "a record has room for displays");
    for (const Frames::Block& block : frames_.blocks())
        claims.push_back({.range = block.range, .type = BATON_MEMORY_KERNEL_AND_MODULES});
    record.set_memory_map(claims);
    check_memory_map(record.info());

    const auto handoff = require_good(
        make_handoff(handoff_memory_, {.plan = plan_,
                                       .layout = layout_,
                                       .page_table_root = root_,
                                       .five_level = five_level_,
                                       .physical = frames_.address_of(handoff_memory_.data()),
                                       .boot_info = record.virtual_address(),
                                       .time_stamps = record.add_stage2_time_stamps()}),
        "handoff_bytes() are enough");
    require(handoff->segment_count == plan_.segments.size() && handoff->time_stamps != 0 &&
                handoff->kernel_stack_top % 16 == 0,
            "the handoff record is complete");
    return {};
}

} // namespace baton::fuzz

// SPDX-License-Identifier: BSD-2-Clause
//
// What must hold after each step.
#include "fuzz/image_boot.hpp"
#include "fuzz/require.hpp"
#include "paging/entry.hpp"
#include "plan/slide.hpp"
#include "plan/write_execute.hpp"

#include <algorithm>

namespace baton::fuzz {

using test::MappedRun;
using test::PageWalker;

namespace {

Access access_of(uint32_t flags) {
    switch (flags) {
    case 0:
        return Access::read_only;
    case elf::PF_W:
        return Access::read_write;
    case elf::PF_X:
        return Access::read_execute;
    default:
        return Access::kernel_demanded_write_execute;
    }
}

/// As PageWalker::runs() tells them.
std::vector<MappedRun> joined(std::vector<MappedRun> runs) {
    std::ranges::sort(runs, {}, &MappedRun::virtual_base);
    std::vector<MappedRun> all;
    for (const MappedRun& run : runs) {
        if (!all.empty() && all.back().virtual_base + all.back().bytes == run.virtual_base &&
            all.back().physical_base + all.back().bytes == run.physical_base &&
            all.back().kind == run.kind)
            all.back().bytes += run.bytes;
        else
            all.push_back(run);
    }
    return all;
}

} // namespace

void ImageBoot::check_extent(const ImageExtent& extent, uint64_t slide) {
    for (const elf::Elf64_Phdr& header : headers_) {
        if (header.p_type != elf::PT_LOAD || header.p_memsz == 0)
            continue;
        const uint64_t from_lowest = header.p_vaddr - extent.lowest.value;
        require(header.p_vaddr >= extent.lowest.value &&
                    (from_lowest + (header.p_memsz - 1)) / kPageBytes < extent.pages,
                "an image's extent has all of its segments");
        require(slide % std::max<uint64_t>(header.p_align, 1) == 0,
                "a slide is a multiple of each segment's alignment");
    }
    if (!image_->header().position_independent)
        return;
    const VirtAddr lowest = extent.lowest + slide;
    require(extent.pages - 1 <= (~uint64_t{0} - lowest.value) / kPageBytes,
            "an image that slides does not wrap");
    if (machine_.has(kKaslr) || requests_.kaslr)
        require(lowest >= kDefaultBase &&
                    (lowest + extent.pages * kPageBytes).value - 1 < 0 - kLargePageBytes,
                "a random slide puts the image between the default base and the last 2 MiB");
    else if (requests_.base)
        require(lowest == *requests_.base, "an image goes to the base that it requests");
    else
        require(lowest >= kDefaultBase, "an image without a request goes to the default base");
}

void ImageBoot::check_plan() {
    require(plan_.page_runs.size() == pages_.size(), "page runs are as long as can be");
    uint32_t write_execute = 0;
    for (std::size_t i = 0; i < pages_.size(); ++i) {
        const PageRun& run = plan_.page_runs[i];
        require(run.pages.base.value / kPageBytes == pages_[i].span.first &&
                    run.pages.bytes == pages_[i].span.bytes(),
                "page runs are the pages of the segments");
        require(run.access == access_of(pages_[i].flags),
                "a page allows what the segments in it demand, and nothing else");
        write_execute += run.access == Access::kernel_demanded_write_execute ? 1 : 0;
        require(pages_[i].span.first != 0, "page 0 is no page of the kernel's");
    }
    require(plan_.write_execute_runs == write_execute, "writable and executable runs are counted");
    const bool entered = std::ranges::any_of(plan_.segments, [&](const Segment& segment) {
        return VirtRange{segment.memory.base, segment.file_bytes}.contains(plan_.entry) &&
               (segment.flags & elf::PF_X) != 0;
    });
    require(entered, "the entry is in the file bytes of an executable segment");
    const bool thread_local_bytes =
        std::ranges::any_of(plan_.segments, [&](const Segment& segment) {
            const uint64_t offset = plan_.tls.address - segment.memory.base.value;
            return fits(offset, plan_.tls.file_bytes, segment.file_bytes);
        });
    require(plan_.tls.file_bytes == 0 || thread_local_bytes,
            "what threads begin with is in the file bytes of a segment");
    for (const Segment& segment : plan_.segments) {
        require(segment.file_bytes == 0 ||
                    fits(segment.file_offset, segment.file_bytes, file_.size()),
                "a segment's file bytes are in the file");
        require(segment.file_bytes <= segment.memory.bytes, "file bytes fit into a segment");
        const VirtAddr last = segment.memory.base + (segment.memory.bytes - 1);
        for (const VirtAddr end : {segment.memory.base, last})
            require(is_canonical(end, address_bits(five_level_)), "segments are canonical");
    }
}

/// Each run of such pages is found, with two segments that are there and demand it.
Result<void> ImageBoot::check_write_execute() {
    uint64_t found_bytes = 0;
    for (auto found = next_write_execute(plan_); found;
         found = next_write_execute(plan_, found->pages)) {
        found_bytes += found->pages.bytes;
        require(found->writable < headers_.size() && found->executable < headers_.size() &&
                    (headers_[found->writable].p_flags & elf::PF_W) != 0 &&
                    (headers_[found->executable].p_flags & elf::PF_X) != 0,
                "writable and executable pages have their segments named");
        Text text;
        describe_write_execute(*found, text);
    }
    uint64_t bytes = 0;
    for (const KernelPages& pages : pages_)
        bytes += pages.flags == (elf::PF_W | elf::PF_X) ? pages.span.bytes() : 0;
    require(found_bytes == bytes, "all writable and executable pages are found");
    if (bytes != 0 && (machine_.has(kRefuseWriteExecute) || requests_.refuse_write_execute))
        return fail(ErrorCode::write_execute_refused);
    return {};
}

void ImageBoot::check_regions() {
    for (const Region& region : plan_.regions) {
        const bool whole = std::ranges::any_of(frames_.blocks(), [&](const FrameBlock& block) {
            return block.use == MemoryUse::kernel &&
                   block.range == PhysRange{region.physical, region.pages.bytes};
        });
        require(whole, "a region is one block of frames");
    }
    for (std::size_t i = 1; i < plan_.regions.size(); ++i)
        require(plan_.regions[i - 1].physical != plan_.regions[i].physical,
                "no two regions share a frame");
}

void ImageBoot::check_contents() {
    for (const Segment& segment : plan_.segments) {
        if (segment.file_bytes == 0)
            continue;
        const Bytes wanted = file_.subspan(segment.file_offset, segment.file_bytes);
        const std::byte* const there = frames_.access(plan_.physical(segment.memory.base));
        require(std::ranges::equal(wanted, Bytes(there, wanted.size())),
                "a segment's frames have its file bytes");
    }
}

std::vector<MappedRun> ImageBoot::expected_runs() {
    std::vector<MappedRun> runs;
    std::vector<PageSpan> read_only;
    for (const KernelPages& pages : pages_) {
        const PageSpan frames = frames_of(pages);
        runs.push_back({pages.span.first * kPageBytes, frames.first * kPageBytes,
                        pages.span.bytes(), kind_of(pages.flags)});
        if ((pages.flags & elf::PF_W) == 0)
            read_only.push_back(frames);
    }
    std::vector<PageSpan> framebuffers;
    framebuffers.reserve(framebuffers_.size());
    for (const BatonFramebuffer& framebuffer : framebuffers_)
        framebuffers.push_back(physical_pages(framebuffer.base_physical, framebuffer.bytes));
    for (const DirectPages& pages : direct_pages({machine_.descriptors(), read_only, framebuffers}))
        runs.push_back({layout_.direct_map.base.value + pages.span.first * kPageBytes,
                        pages.span.first * kPageBytes, pages.span.bytes(), pages.kind});
    runs.push_back({layout_.stack.base.value, stack_.value, layout_.stack.bytes, test::kReadWrite});
    const uint64_t data = stage2_.value + kStage2CodeBytes;
    const PhysRange handoff = handoff_->memory.pages();
    runs.push_back({stage2_.value, stage2_.value, kStage2CodeBytes, test::kReadExecute});
    runs.push_back({data, data, kStage2Bytes - kStage2CodeBytes, test::kReadWrite});
    runs.push_back({handoff.base.value, handoff.base.value, handoff.bytes, test::kReadOnly});
    return runs;
}

void ImageBoot::check_page_tables(const PageMapper& mapper) {
    const PageWalker walker([this](uint64_t physical) { return frames_.read(physical); },
                            mapper.root().value, paging::kPat, five_level_ ? 5 : 4);
    const auto wanted = expected_runs();
    const auto runs = walker.runs();
    require(runs == joined(wanted), "the page tables translate exactly what the plan says");
    require(runs.front().virtual_base >= kPageBytes, "page 0 is not mapped");
    for (const uint64_t guard :
         {layout_.stack.base.value - 1, (layout_.stack.base + layout_.stack.bytes).value})
        require(!walker.translate(guard), "no page is mapped next to the stack");
    for (const MappedRun& run : runs)
        if (layout_.direct_map.contains({run.virtual_base}))
            require(!run.kind.executable, "the direct map is never executable");
    check_frames(wanted);
}

/// No frame is mapped twice but by the direct map, and no page table anywhere else.
void ImageBoot::check_frames(std::vector<MappedRun> runs) {
    std::erase_if(runs, [&](const MappedRun& run) {
        return layout_.direct_map.contains({run.virtual_base});
    });
    for (const FrameBlock& block : frames_.blocks())
        if (block.use == MemoryUse::page_tables)
            runs.push_back({0, block.range.base.value, block.range.bytes, test::kReadOnly});
    std::ranges::sort(runs, {}, &MappedRun::physical_base);
    for (std::size_t i = 1; i < runs.size(); ++i)
        require(runs[i].physical_base >= runs[i - 1].physical_base + runs[i - 1].bytes,
                "no two objects share a frame");
}

/// Where the record has its memory map, seen as the kernel will see it.
void ImageBoot::check_memory_map(const BatonBootInfo& info) {
    const PhysAddr physical{info.memory_map - layout_.direct_map.base.value};
    const auto* const ranges = reinterpret_cast<const BatonMemoryRange*>(frames_.access(physical));
    for (const BatonMemoryRange& range : std::span(ranges, info.memory_map_count)) {
        if (range.type != BATON_MEMORY_USABLE)
            continue;
        const PhysRange usable{{range.base_physical}, range.bytes};
        for (const FrameBlock& block : frames_.blocks())
            require(!usable.overlaps(block.range), "no memory in use is told to be usable");
    }
}

} // namespace baton::fuzz

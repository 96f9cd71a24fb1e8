// SPDX-License-Identifier: BSD-2-Clause
#include "plan/load_plan.hpp"

#include <algorithm>

namespace baton {
namespace {

using elf::Elf64_Phdr;

Result<void> check_segment(const Elf64_Phdr& header, uint32_t index, uint64_t file_bytes) {
    if (header.p_filesz > header.p_memsz)
        return fail(ErrorCode::segment_file_bytes_exceed_memory,
                    {index, header.p_filesz, header.p_memsz});
    if (!fits(header.p_offset, header.p_filesz, file_bytes))
        return fail(ErrorCode::segment_outside_file,
                    {index, header.p_offset, header.p_filesz, file_bytes});
    if (header.p_align != 0 && !is_power_of_two(header.p_align))
        return fail(ErrorCode::segment_bad_alignment, {index, header.p_align});

    const uint64_t last = header.p_vaddr + (header.p_memsz - 1);
    if (last < header.p_vaddr)
        return fail(ErrorCode::segment_wraps, {index, header.p_vaddr, header.p_memsz});
    if (!is_canonical({header.p_vaddr}) || !is_canonical({last}) ||
        header.p_vaddr >> 63 != last >> 63)
        return fail(ErrorCode::segment_not_canonical, {index, header.p_vaddr, header.p_memsz});
    if (header.p_vaddr < kPageBytes)
        return fail(ErrorCode::segment_in_page_zero, {index, header.p_vaddr});
    return {};
}

/// The segments of the file, in its order. `segments` has room for each program header.
Result<std::span<Segment>> collect_segments(const elf::Image& image, std::span<Segment> segments) {
    std::size_t count = 0;
    for (uint32_t i = 0; i < image.program_header_count(); ++i) {
        const Elf64_Phdr header = image.program_header(i);
        if (header.p_type == elf::PT_INTERP)
            return fail(ErrorCode::interpreter_wanted, {i});
        if (header.p_type != elf::PT_LOAD)
            continue;
        if (header.p_memsz == 0 && header.p_filesz == 0)
            continue;
        if (auto good = check_segment(header, i, image.file_bytes()); !good)
            return std::unexpected(good.error());
        segments[count++] = {.program_header = i,
                             .flags = header.p_flags,
                             .memory = {{header.p_vaddr}, header.p_memsz},
                             .file_offset = header.p_offset,
                             .file_bytes = header.p_filesz};
    }
    if (count == 0)
        return fail(ErrorCode::no_loadable_segment, {image.program_header_count()});
    return segments.first(count);
}

Result<void> sort_disjoint(std::span<Segment> segments) {
    std::sort(segments.begin(), segments.end(),
              [](const Segment& a, const Segment& b) { return a.memory.base < b.memory.base; });
    for (std::size_t i = 1; i < segments.size(); ++i) {
        const Segment& below = segments[i - 1];
        const Segment& above = segments[i];
        if (below.memory.overlaps(above.memory))
            return fail(ErrorCode::segments_overlap,
                        {below.program_header, above.program_header, below.memory.base.value,
                         above.memory.base.value});
    }
    return {};
}

Result<void> check_entry(VirtAddr entry, std::span<const Segment> segments) {
    for (const Segment& segment : segments)
        if (segment.memory.contains(entry) && (segment.flags & elf::PF_X) != 0)
            return {};
    return fail(ErrorCode::entry_not_executable, {entry.value});
}

Access access_for(uint32_t flags) {
    const bool writable = (flags & elf::PF_W) != 0;
    const bool executable = (flags & elf::PF_X) != 0;
    if (writable && executable)
        return Access::kernel_demanded_write_execute;
    if (writable)
        return Access::read_write;
    return executable ? Access::read_execute : Access::read_only;
}

/// Both permissions at once: what a page needs in which two segments meet.
Access unite(Access a, Access b) {
    if (a == b || b == Access::read_only)
        return a;
    if (a == Access::read_only)
        return b;
    return Access::kernel_demanded_write_execute; // two of read_write, read_execute, or both in one
}

/// Page runs are made from segments in ascending order, and segments are disjoint: so a segment can
/// share nothing with the runs before it but their very last page.
class PageRunBuilder {
  public:
    explicit PageRunBuilder(std::span<PageRun> runs) : runs_(runs) {}

    void add(const Segment& segment) {
        VirtRange pages = page_cover(segment.memory);
        const Access access = access_for(segment.flags);
        if (count_ != 0 && runs_[count_ - 1].pages.contains(pages.base)) {
            share_last_page(access);
            pages = {pages.base + kPageBytes, pages.bytes - kPageBytes};
        }
        append({pages, access});
    }
    std::span<PageRun> runs() const { return runs_.first(count_); }

  private:
    void share_last_page(Access access) {
        PageRun& last = runs_[count_ - 1];
        const Access united = unite(last.access, access);
        const VirtAddr page = last.pages.base + (last.pages.bytes - kPageBytes);
        last.pages.bytes -= kPageBytes;
        if (last.pages.empty())
            --count_;
        append({{page, kPageBytes}, united});
    }
    void append(const PageRun& run) {
        if (run.pages.empty())
            return;
        if (count_ != 0) {
            PageRun& last = runs_[count_ - 1];
            if (last.access == run.access && last.pages.end() == run.pages.base) {
                last.pages.bytes += run.pages.bytes;
                return;
            }
        }
        runs_[count_++] = run;
    }

    std::span<PageRun> runs_;
    std::size_t count_ = 0;
};

/// Page runs that touch make one region.
std::span<Region> join_regions(std::span<const PageRun> runs, std::span<Region> regions) {
    std::size_t count = 0;
    for (const PageRun& run : runs) {
        if (count != 0 && regions[count - 1].pages.end() == run.pages.base)
            regions[count - 1].pages.bytes += run.pages.bytes;
        else
            regions[count++] = {.pages = run.pages, .physical = {}};
    }
    return regions.first(count);
}

/// Whether a region has room for a 2 MiB page.
bool holds_large_page(VirtRange pages) {
    const uint64_t to_boundary = (kLargePageBytes - pages.base.value) % kLargePageBytes;
    return pages.bytes >= to_boundary && pages.bytes - to_boundary >= kLargePageBytes;
}

// A segment ends one page run, and shares a page with the next: two runs each at the most.
constexpr uint64_t kRunsPerSegment = 2;

} // namespace

PhysAddr LoadPlan::physical(VirtAddr address) const {
    for (const Region& region : regions)
        if (region.pages.contains(address))
            return region.physical + (address - region.pages.base);
    return {};
}

bool LoadPlan::touches(VirtRange range) const {
    return std::any_of(regions.begin(), regions.end(),
                       [&](const Region& region) { return region.pages.overlaps(range); });
}

uint64_t load_plan_bytes(const elf::Image& image) {
    const uint64_t count = image.program_header_count();
    return Arena::bytes_for<Segment>(count) + Arena::bytes_for<PageRun>(count * kRunsPerSegment) +
           Arena::bytes_for<Region>(count);
}

Result<LoadPlan> plan_load(const elf::Image& image, Arena& arena) {
    const uint64_t count = image.program_header_count();
    const auto segment_room = arena.array<Segment>(count);
    const auto run_room = arena.array<PageRun>(count * kRunsPerSegment);
    const auto region_room = arena.array<Region>(count);
    if (!segment_room)
        return std::unexpected(segment_room.error());
    if (!run_room)
        return std::unexpected(run_room.error());
    if (!region_room)
        return std::unexpected(region_room.error());

    const auto segments = collect_segments(image, *segment_room);
    if (!segments)
        return std::unexpected(segments.error());
    if (auto disjoint = sort_disjoint(*segments); !disjoint)
        return std::unexpected(disjoint.error());
    const VirtAddr entry = image.header().entry;
    if (auto good = check_entry(entry, *segments); !good)
        return std::unexpected(good.error());

    PageRunBuilder builder(*run_room);
    for (const Segment& segment : *segments)
        builder.add(segment);
    LoadPlan plan{.entry = entry,
                  .segments = *segments,
                  .page_runs = builder.runs(),
                  .regions = join_regions(builder.runs(), *region_room)};
    for (const PageRun& run : plan.page_runs)
        if (run.access == Access::kernel_demanded_write_execute)
            ++plan.write_execute_runs;
    return plan;
}

Result<void> place(LoadPlan& plan, FrameSource& frames) {
    for (Region& region : plan.regions) {
        FrameRequest request{.pages = region.pages.bytes / kPageBytes};
        if (holds_large_page(region.pages)) {
            request.alignment = kLargePageBytes;
            request.offset = region.pages.base.value % kLargePageBytes;
        }
        auto base = frames.allocate(request);
        if (!base && request.alignment != kPageBytes) // tight memory: 4 KiB pages do as well
            base = frames.allocate({.pages = request.pages});
        if (!base)
            return std::unexpected(base.error());
        region.physical = *base;
    }
    return {};
}

} // namespace baton

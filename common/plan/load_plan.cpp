// SPDX-License-Identifier: BSD-2-Clause
#include "plan/load_plan.hpp"

#include "core/heap_sort.hpp"

#include <algorithm>

namespace baton {
namespace {

using elf::Elf64_Phdr;

bool is_empty(const Elf64_Phdr& header) {
    return header.p_memsz == 0 && header.p_filesz == 0;
}

Result<void> check_alignment(const Elf64_Phdr& header, uint32_t index) {
    if (header.p_align != 0 && !is_power_of_two(header.p_align))
        return fail(ErrorCode::segment_bad_alignment, {index, header.p_align});
    return {};
}

/// What must hold of a segment wherever it is placed.
Result<void> check_shape(const Elf64_Phdr& header, uint32_t index, uint64_t file_bytes) {
    if (header.p_filesz > header.p_memsz)
        return fail(ErrorCode::segment_file_bytes_exceed_memory,
                    {index, header.p_filesz, header.p_memsz});
    // A segment without file bytes may lie after the end of a file that was cut to what it needs.
    if (header.p_filesz != 0 && !fits(header.p_offset, header.p_filesz, file_bytes))
        return fail(ErrorCode::segment_outside_file,
                    {index, header.p_offset, header.p_filesz, file_bytes});
    TRY(check_alignment(header, index));
    if (header.p_vaddr + (header.p_memsz - 1) < header.p_vaddr)
        return fail(ErrorCode::segment_wraps, {index, header.p_vaddr, header.p_memsz});
    return {};
}

Result<void> check_place(const Segment& segment, uint64_t physical, uint64_t slide, unsigned bits) {
    const VirtAddr first = segment.memory.base;
    const VirtAddr last = first + (segment.memory.bytes - 1);
    const uint64_t linked = first.value - slide;
    if (last < first)
        return fail(ErrorCode::segment_wraps,
                    {segment.program_header, linked, segment.memory.bytes, slide});
    if (!is_canonical(first, bits) || !is_canonical(last, bits) ||
        first.value >> 63 != last.value >> 63)
        return fail(ErrorCode::segment_not_canonical,
                    {segment.program_header, linked, segment.memory.bytes, slide, bits});
    if (first.value < kPageBytes && linked < kPageBytes && physical >= kPageBytes)
        return fail(ErrorCode::segment_of_offsets,
                    {segment.program_header, linked, segment.memory.bytes, physical});
    if (first.value < kPageBytes)
        return fail(ErrorCode::segment_in_page_zero, {segment.program_header, linked, slide});
    return {};
}

/// The segments of the file, in its order. `segments` has an entry for each program header.
Result<std::span<Segment>> collect_segments(const elf::Image& image, uint64_t slide, unsigned bits,
                                            std::span<Segment> segments) {
    std::size_t count = 0;
    for (uint32_t i = 0; i < image.program_header_count(); ++i) {
        const Elf64_Phdr header = image.program_header(i);
        if (header.p_type != elf::PT_LOAD || is_empty(header))
            continue;
        const Segment segment{.program_header = i,
                              .flags = header.p_flags,
                              .memory = {{header.p_vaddr + slide}, header.p_memsz},
                              .file_offset = header.p_offset,
                              .file_bytes = header.p_filesz};
        TRY(check_place(segment, header.p_paddr, slide, bits));
        segments[count++] = segment;
    }
    return segments.first(count);
}

/// What the other program headers say.
void describe_extras(const elf::Image& image, LoadPlan& plan) {
    for (uint32_t i = 0; i < image.program_header_count(); ++i) {
        const Elf64_Phdr header = image.program_header(i);
        const VirtAddr address{header.p_vaddr + plan.slide};
        if (header.p_type == elf::PT_TLS)
            plan.tls = {.address = address.value,
                        .file_bytes = header.p_filesz,
                        .memory_bytes = header.p_memsz,
                        .alignment = header.p_align};
        // A script may list PT_DYNAMIC for a kernel that has no .dynamic: then it is empty.
        if (header.p_type == elf::PT_DYNAMIC && header.p_filesz != 0)
            plan.dynamic = DynamicSection{.program_header = i, .file = {address, header.p_filesz}};
        if (header.p_type == elf::PT_GNU_STACK)
            plan.wants_executable_stack = (header.p_flags & elf::PF_X) != 0;
    }
}

/// The pages that PT_GNU_RELRO wants read-only once relocations are applied: from the page it
/// begins in to the last one that it fills. Empty where there is none.
VirtRange relro_pages(const elf::Image& image, uint64_t slide) {
    for (uint32_t i = 0; i < image.program_header_count(); ++i) {
        const Elf64_Phdr header = image.program_header(i);
        if (header.p_type != elf::PT_GNU_RELRO)
            continue;
        const uint64_t first = align_down(header.p_vaddr + slide, kPageBytes);
        const uint64_t end = header.p_vaddr + slide + header.p_memsz; // 0: 2^64
        const uint64_t last = align_down(end, kPageBytes);
        if (last > first || (end == 0 && header.p_memsz != 0))
            return {{first}, last - first};
    }
    return {};
}

Result<void> sort_disjoint(std::span<Segment> segments, uint64_t slide) {
    heap_sort(segments,
              [](const Segment& a, const Segment& b) { return a.memory.base < b.memory.base; });
    for (std::size_t i = 1; i < segments.size(); ++i) {
        const Segment& below = segments[i - 1];
        const Segment& above = segments[i];
        if (below.memory.overlaps(above.memory))
            return fail(ErrorCode::segments_overlap,
                        {below.program_header, below.memory.base.value - slide, below.memory.bytes,
                         above.program_header, above.memory.base.value - slide});
    }
    return {};
}

/// The first segment that ends after `address`; their end where there is none. They are sorted, and
/// none overlaps another.
const Segment* first_ending_after(VirtAddr address, std::span<const Segment> segments) {
    return std::partition_point(
        segments.data(), segments.data() + segments.size(), [&](const Segment& segment) {
            return segment.memory.base + (segment.memory.bytes - 1) < address;
        });
}

const Segment* segment_at(VirtAddr address, std::span<const Segment> segments) {
    const Segment* const found = first_ending_after(address, segments);
    const bool contains =
        found != segments.data() + segments.size() && found->memory.contains(address);
    return contains ? found : nullptr;
}

/// The error of an entry point in no segment: it may be a physical address, as loaders want it that
/// place a kernel by p_paddr.
std::unexpected<Error> entry_outside(const elf::Image& image) {
    const uint64_t entry = image.header().entry.value;
    for (uint32_t i = 0; i < image.program_header_count(); ++i) {
        const Elf64_Phdr header = image.program_header(i);
        const uint64_t offset = entry - header.p_paddr;
        if (header.p_type == elf::PT_LOAD && entry >= header.p_paddr && offset < header.p_filesz)
            return fail(ErrorCode::entry_physical, {entry, header.p_vaddr + offset, i});
    }
    return fail(ErrorCode::entry_outside_segments, {entry});
}

Result<void> check_entry(const elf::Image& image, uint64_t slide,
                         std::span<const Segment> segments) {
    const VirtAddr linked = image.header().entry;
    const VirtAddr entry = linked + slide;
    const Segment* const segment = segment_at(entry, segments);
    if (segment == nullptr)
        return entry_outside(image);
    if ((segment->flags & elf::PF_X) == 0)
        return fail(ErrorCode::entry_not_executable,
                    {linked.value, segment->program_header, segment->flags});
    if (entry - segment->memory.base >= segment->file_bytes)
        return fail(ErrorCode::entry_in_zeroed_memory,
                    {linked.value, segment->program_header, segment->file_bytes});
    return {};
}

/// PT_TLS describes bytes that a segment brings, which the kernel copies for each thread.
Result<void> check_tls(const Elf64_Phdr& header, uint32_t index, uint64_t slide,
                       std::span<const Segment> segments) {
    if (header.p_filesz > header.p_memsz)
        return fail(ErrorCode::segment_file_bytes_exceed_memory,
                    {index, header.p_filesz, header.p_memsz});
    TRY(check_alignment(header, index));
    const VirtAddr address{header.p_vaddr + slide};
    const Segment* const segment = segment_at(address, segments);
    if (header.p_filesz != 0 && (segment == nullptr || !fits(address - segment->memory.base,
                                                             header.p_filesz, segment->file_bytes)))
        return fail(ErrorCode::tls_outside_image, {index, header.p_vaddr, header.p_filesz});
    return {};
}

/// PT_GNU_RELRO has one of the kernel's pages in it. It may reach further: linkers round its end
/// up.
Result<void> check_relro(const Elf64_Phdr& header, uint32_t index, uint64_t slide,
                         std::span<const Segment> segments) {
    if (header.p_memsz == 0)
        return {};
    const VirtRange range{{header.p_vaddr + slide}, header.p_memsz};
    const bool wraps = range.base + (range.bytes - 1) < range.base;
    const VirtAddr first_page{align_down(range.base.value, kPageBytes)};
    const Segment* const segment = first_ending_after(first_page, segments);
    if (wraps || segment == segments.data() + segments.size() ||
        !page_cover(segment->memory).overlaps(range))
        return fail(ErrorCode::relro_outside_image, {index, header.p_vaddr, header.p_memsz});
    return {};
}

Result<void> check_extras(const elf::Image& image, uint64_t slide,
                          std::span<const Segment> segments) {
    for (uint32_t i = 0; i < image.program_header_count(); ++i) {
        const Elf64_Phdr header = image.program_header(i);
        Result<void> good;
        if (header.p_type == elf::PT_TLS)
            good = check_tls(header, i, slide, segments);
        if (header.p_type == elf::PT_GNU_RELRO)
            good = check_relro(header, i, slide, segments);
        if (!good)
            return good;
    }
    return {};
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

Access without_write(Access access) {
    switch (access) {
    case Access::read_write:
        return Access::read_only;
    case Access::kernel_demanded_write_execute:
        return Access::read_execute;
    default:
        return access;
    }
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
    /// `read_only`: whole pages in which writable segments are not writable.
    PageRunBuilder(std::span<PageRun> runs, VirtRange read_only)
        : runs_(runs),
          read_only_(read_only) {}

    void add(const Segment& segment) {
        VirtRange pages = page_cover(segment.memory);
        const Access access = access_for(segment.flags);
        if (!pages.overlaps(read_only_)) {
            add(pages, access);
            return;
        }
        const uint64_t before =
            read_only_.base > pages.base ? read_only_.base - pages.base : uint64_t{0};
        add({pages.base, before}, access);
        pages = {pages.base + before, pages.bytes - before};
        const uint64_t protected_bytes =
            std::min(pages.bytes, read_only_.bytes - (pages.base - read_only_.base));
        add({pages.base, protected_bytes}, without_write(access));
        add({pages.base + protected_bytes, pages.bytes - protected_bytes}, access);
    }
    std::span<PageRun> runs() const { return runs_.first(count_); }

  private:
    void add(VirtRange pages, Access access) {
        if (pages.empty())
            return;
        if (count_ != 0 && runs_[count_ - 1].pages.contains(pages.base)) {
            share_last_page(access);
            pages = {pages.base + kPageBytes, pages.bytes - kPageBytes};
        }
        append({pages, access});
    }
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
    VirtRange read_only_;
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

/// Whether a 2 MiB page fits into a region.
bool holds_large_page(VirtRange pages) {
    const uint64_t to_boundary = (kLargePageBytes - pages.base.value) % kLargePageBytes;
    return pages.bytes >= to_boundary && pages.bytes - to_boundary >= kLargePageBytes;
}

} // namespace

const Region* LoadPlan::region_of(VirtAddr address) const {
    const auto after = std::upper_bound(
        regions.begin(), regions.end(), address,
        [](VirtAddr value, const Region& region) { return value < region.pages.base; });
    return after != regions.begin() && (after - 1)->pages.contains(address) ? &*(after - 1)
                                                                            : nullptr;
}

PhysAddr LoadPlan::physical(VirtAddr address) const {
    const Region* const region = region_of(address);
    return region == nullptr ? PhysAddr{} : region->physical + (address - region->pages.base);
}

bool LoadPlan::touches(VirtRange range) const {
    return std::any_of(regions.begin(), regions.end(),
                       [&](const Region& region) { return region.pages.overlaps(range); });
}

Result<ImageExtent> measure(const elf::Image& image) {
    uint64_t lowest = ~uint64_t{0};
    uint64_t last = 0;
    uint64_t alignment = kPageBytes;
    bool any = false;
    bool dynamic = false;
    std::optional<uint32_t> interpreter;
    for (uint32_t i = 0; i < image.program_header_count(); ++i) {
        const Elf64_Phdr header = image.program_header(i);
        if (header.p_type == elf::PT_INTERP && header.p_filesz != 0)
            interpreter = i;
        if (header.p_type == elf::PT_DYNAMIC && header.p_filesz != 0)
            dynamic = true;
        if (header.p_type != elf::PT_LOAD || is_empty(header))
            continue;
        TRY(check_shape(header, i, image.file_bytes()));
        any = true;
        lowest = std::min(lowest, header.p_vaddr);
        last = std::max(last, header.p_vaddr + (header.p_memsz - 1));
        alignment = std::max(alignment, header.p_align);
    }
    // Without a dynamic section there is nothing that an interpreter would do.
    if (interpreter && dynamic)
        return fail(ErrorCode::interpreter_wanted, {*interpreter});
    if (!any)
        return fail(ErrorCode::no_loadable_segment,
                    {image.program_header_count(), image.header().program_headers_offset});
    const uint64_t base = align_down(lowest, kPageBytes);
    return ImageExtent{
        .lowest = {base}, .pages = (last - base) / kPageBytes + 1, .alignment = alignment};
}

Result<LoadPlan> plan_load(const elf::Image& image, uint64_t slide, unsigned bits, Arena& arena) {
    static_cast<void>(TRY(measure(image)));
    const uint64_t count = image.program_header_count();
    const auto all = TRY(arena.array<Segment>(count));
    const auto segments = TRY(collect_segments(image, slide, bits, all));
    TRY(sort_disjoint(segments, slide));
    TRY(check_entry(image, slide, segments));
    TRY(check_extras(image, slide, segments));

    // A segment ends one page run, and shares a page with the next: two runs each at most; and
    // PT_GNU_RELRO cuts one segment, or those that it spans, once at each of its ends.
    const auto runs = TRY(arena.array<PageRun>(2 * count + 2));
    PageRunBuilder builder(runs, relro_pages(image, slide));
    for (const Segment& segment : segments)
        builder.add(segment);
    const auto regions = TRY(arena.array<Region>(count));
    LoadPlan plan{.entry = image.header().entry + slide,
                  .slide = slide,
                  .segments = segments,
                  .page_runs = builder.runs(),
                  .regions = join_regions(builder.runs(), regions)};
    for (const PageRun& run : plan.page_runs)
        if (run.access == Access::kernel_demanded_write_execute)
            ++plan.write_execute_runs;
    describe_extras(image, plan);
    return plan;
}

Result<void> place(LoadPlan& plan, FrameSource& frames) {
    for (Region& region : plan.regions) {
        FrameRequest request{.pages = region.pages.bytes / kPageBytes, .use = MemoryUse::kernel};
        if (holds_large_page(region.pages)) {
            request.alignment = kLargePageBytes;
            request.offset = region.pages.base.value % kLargePageBytes;
        }
        auto base = frames.allocate(request);
        if (!base && request.alignment != kPageBytes) // tight memory: 4 KiB pages do as well
            base = frames.allocate({.pages = request.pages, .use = MemoryUse::kernel});
        if (!base)
            return std::unexpected(base.error());
        region.physical = *base;
    }
    return {};
}

} // namespace baton

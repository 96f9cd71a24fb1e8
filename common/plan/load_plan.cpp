// SPDX-License-Identifier: BSD-2-Clause
#include "plan/load_plan.hpp"

#include "core/heap_sort.hpp"
#include "plan/relocatable.hpp"

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

/// Where a program header's bytes are in the addresses of the code that runs.
VirtAddr address_of(const Elf64_Phdr& header, const LoadRules& rules) {
    return {(rules.without_paging ? header.p_paddr : header.p_vaddr) + rules.slide};
}

Result<void> check_below_4_gib(uint32_t index, PhysRange memory) {
    if (!fits(memory.base.value, memory.bytes, k4GiB.value))
        return fail(ErrorCode::segment_above_4_gib, {index, memory.base.value, memory.bytes});
    return {};
}

Result<void> check_place(const Segment& segment, uint64_t physical, const LoadRules& rules) {
    const uint64_t slide = rules.slide;
    const unsigned bits = rules.address_bits;
    const VirtAddr first = segment.memory.base;
    const VirtAddr last = first + (segment.memory.bytes - 1);
    const uint64_t linked = first.value - slide;
    if (rules.without_paging)
        return check_below_4_gib(segment.program_header, {{first.value}, segment.memory.bytes});
    if (!is_aligned(segment.to_physical, kPageBytes) ||
        !fits(first.value + segment.to_physical, segment.memory.bytes, kPhysicalAddressEnd))
        if (rules.placement == Placement::physical)
            return fail(ErrorCode::segment_bad_physical_address,
                        {segment.program_header, linked, physical});
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
Result<std::span<Segment>> collect_segments(const elf::Image& image, const LoadRules& rules,
                                            std::span<Segment> segments) {
    const bool is_physical = rules.placement == Placement::physical && !rules.without_paging;
    std::size_t count = 0;
    for (uint32_t i = 0; i < image.program_header_count(); ++i) {
        const Elf64_Phdr header = image.program_header(i);
        if (header.p_type != elf::PT_LOAD || is_empty(header))
            continue;
        const Segment segment{.program_header = i,
                              .flags = header.p_flags,
                              .memory = {address_of(header, rules), header.p_memsz},
                              .to_physical =
                                  is_physical ? header.p_paddr - header.p_vaddr - rules.slide : 0,
                              .file_offset = header.p_offset,
                              .file_bytes = header.p_filesz};
        TRY(check_place(segment, header.p_paddr, rules));
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
std::unexpected<Error> entry_outside(const elf::Image& image, uint64_t entry) {
    for (uint32_t i = 0; i < image.program_header_count(); ++i) {
        const Elf64_Phdr header = image.program_header(i);
        const uint64_t offset = entry - header.p_paddr;
        if (header.p_type == elf::PT_LOAD && entry >= header.p_paddr && offset < header.p_filesz)
            return fail(ErrorCode::entry_physical, {entry, header.p_vaddr + offset, i});
    }
    return fail(ErrorCode::entry_outside_segments, {entry});
}

/// The entry point, in the addresses of the code that runs. Without paging, e_entry is a virtual
/// address if a segment has it among these, else a physical one.
VirtAddr entry_of(const elf::Image& image, const LoadRules& rules) {
    const uint64_t entry = rules.entry.value_or(image.header().entry.value);
    for (uint32_t i = 0; rules.without_paging && !rules.entry && i < image.program_header_count();
         ++i) {
        const Elf64_Phdr header = image.program_header(i);
        if (header.p_type == elf::PT_LOAD && entry - header.p_vaddr < header.p_memsz)
            return {entry - header.p_vaddr + header.p_paddr + rules.slide};
    }
    return {entry + rules.slide};
}

/// Without paging, no page says what is code.
Result<void> check_entry(const LoadPlan& plan, const elf::Image* image) {
    const uint64_t linked = plan.entry.value - plan.slide;
    const Segment* const segment = segment_at(plan.entry, plan.segments);
    if (segment == nullptr)
        return image != nullptr ? entry_outside(*image, linked)
                                : fail(ErrorCode::entry_outside_segments, {linked});
    if ((segment->flags & elf::PF_X) == 0 && !plan.without_paging)
        return fail(ErrorCode::entry_not_executable,
                    {linked, segment->program_header, segment->flags});
    if (plan.entry - segment->memory.base >= segment->file_bytes)
        return fail(ErrorCode::entry_in_zeroed_memory,
                    {linked, segment->program_header, segment->file_bytes});
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

    /// Error: segments_share_page, where that would have to be in two places.
    Result<void> add(const Segment& segment, Access access) {
        VirtRange pages = page_cover(segment.memory);
        to_physical_ = segment.to_physical;
        if (count_ != 0 && runs_[count_ - 1].to_physical != to_physical_ &&
            runs_[count_ - 1].pages.contains(pages.base))
            return fail(ErrorCode::segments_share_page,
                        {segment.program_header, pages.base.value,
                         runs_[count_ - 1].to_physical + pages.base.value,
                         to_physical_ + pages.base.value});
        add(pages, access);
        return {};
    }
    std::span<PageRun> runs() const { return runs_.first(count_); }

  private:
    void add(VirtRange pages, Access access) {
        if (!pages.overlaps(read_only_)) {
            add_part(pages, access);
            return;
        }
        const uint64_t before =
            read_only_.base > pages.base ? read_only_.base - pages.base : uint64_t{0};
        add_part({pages.base, before}, access);
        pages = {pages.base + before, pages.bytes - before};
        const uint64_t protected_bytes =
            std::min(pages.bytes, read_only_.bytes - (pages.base - read_only_.base));
        add_part({pages.base, protected_bytes}, without_write(access));
        add_part({pages.base + protected_bytes, pages.bytes - protected_bytes}, access);
    }
    void add_part(VirtRange pages, Access access) {
        if (pages.empty())
            return;
        if (count_ != 0 && runs_[count_ - 1].pages.contains(pages.base)) {
            share_last_page(access);
            pages = {pages.base + kPageBytes, pages.bytes - kPageBytes};
        }
        append({pages, access, to_physical_});
    }
    void share_last_page(Access access) {
        PageRun& last = runs_[count_ - 1];
        const Access united = unite(last.access, access);
        const VirtAddr page = last.pages.base + (last.pages.bytes - kPageBytes);
        last.pages.bytes -= kPageBytes;
        if (last.pages.empty())
            --count_;
        append({{page, kPageBytes}, united, to_physical_});
    }
    void append(const PageRun& run) {
        if (run.pages.empty())
            return;
        if (count_ != 0) {
            PageRun& last = runs_[count_ - 1];
            if (last.access == run.access && last.to_physical == run.to_physical &&
                last.pages.end() == run.pages.base) {
                last.pages.bytes += run.pages.bytes;
                return;
            }
        }
        runs_[count_++] = run;
    }

    std::span<PageRun> runs_;
    VirtRange read_only_;
    uint64_t to_physical_ = 0; // of the segment that is being added
    std::size_t count_ = 0;
};

/// Page runs that touch make one region; in one block, all of them do.
std::span<Region> join_regions(std::span<const PageRun> runs, Placement placement,
                               std::span<Region> regions) {
    std::size_t count = 0;
    uint64_t to_physical = 0;
    for (const PageRun& run : runs) {
        Region* const last = count == 0 ? nullptr : &regions[count - 1];
        const bool goes_on =
            last && (placement == Placement::one_block ||
                     (last->pages.end() == run.pages.base && to_physical == run.to_physical));
        to_physical = run.to_physical;
        if (goes_on)
            last->pages.bytes = run.pages.end() - last->pages.base;
        else
            regions[count++] = {.pages = run.pages,
                                .physical = {run.pages.base.value + to_physical}};
    }
    return regions.first(count);
}

/// Two regions may have parts of one page, but no byte.
Result<void> check_physical(std::span<Segment> segments, uint64_t slide, Arena& arena) {
    const auto sorted = TRY(arena.scratch<Segment>(segments.size()));
    std::ranges::copy(segments, sorted.begin());
    for (Segment& segment : sorted)
        segment.memory.base = segment.memory.base + segment.to_physical;
    return sort_disjoint(sorted, slide);
}

/// Without paging, page tables are for stage 2 alone: it may write to all of the kernel.
Access access_in(const LoadRules& rules, const Segment& segment) {
    return rules.without_paging ? Access::read_write : access_for(segment.flags);
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

PhysAddr LoadPlan::loaded(VirtAddr address) const {
    const Region* const region = region_of(address);
    return region == nullptr ? PhysAddr{} : region->loaded + (address - region->pages.base);
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

Result<LoadPlan> plan_load(const elf::Image& image, const LoadRules& rules, Arena& arena) {
    // What runs without paging is no program of a dynamic linker's, whatever it is linked as.
    const auto extent = measure(image);
    if (!extent && (!rules.without_paging || extent.error().code != ErrorCode::interpreter_wanted))
        return std::unexpected(extent.error());
    const uint64_t count = image.program_header_count();
    const auto all = TRY(arena.array<Segment>(count));
    const auto segments = TRY(collect_segments(image, rules, all));
    TRY(sort_disjoint(segments, rules.slide));
    if (rules.placement == Placement::physical)
        TRY(check_physical(segments, rules.without_paging ? rules.slide : 0, arena));
    LoadPlan plan{.entry = entry_of(image, rules),
                  .slide = rules.slide,
                  .segments = segments,
                  .page_runs = {},
                  .regions = {},
                  .placement = rules.placement,
                  .without_paging = rules.without_paging};
    TRY(check_entry(plan, &image));
    if (!rules.without_paging)
        TRY(check_extras(image, rules.slide, segments));

    // A segment ends one page run, and shares a page with the next: two runs each at most; and
    // PT_GNU_RELRO cuts one segment, or those that it spans, once at each of its ends.
    PageRunBuilder builder(TRY(arena.array<PageRun>(2 * count + 2)),
                           rules.without_paging ? VirtRange{} : relro_pages(image, rules.slide));
    for (const Segment& segment : segments)
        TRY(builder.add(segment, access_in(rules, segment)));
    plan.page_runs = builder.runs();
    plan.regions =
        join_regions(plan.page_runs, rules.placement, TRY(arena.array<Region>(count + 1)));
    for (const PageRun& run : plan.page_runs)
        if (run.access == Access::kernel_demanded_write_execute)
            ++plan.write_execute_runs;
    if (!rules.without_paging)
        describe_extras(image, plan);
    return plan;
}

Result<LoadPlan> plan_flat(const FlatImage& image, uint64_t file_bytes, Arena& arena) {
    if (image.file_bytes > image.memory.bytes)
        return fail(ErrorCode::segment_file_bytes_exceed_memory,
                    {0, image.file_bytes, image.memory.bytes});
    if (!fits(image.file_offset, image.file_bytes, file_bytes))
        return fail(ErrorCode::segment_outside_file,
                    {0, image.file_offset, image.file_bytes, file_bytes});
    TRY(check_below_4_gib(0, image.memory));
    const VirtRange memory{{image.memory.base.value}, image.memory.bytes};
    const auto segments = TRY(arena.array<Segment>(1));
    segments[0] = {.program_header = 0,
                   .flags = elf::PF_R | elf::PF_W | elf::PF_X,
                   .memory = memory,
                   .to_physical = 0,
                   .file_offset = image.file_offset,
                   .file_bytes = image.file_bytes};
    const auto runs = TRY(arena.array<PageRun>(1));
    runs[0] = {.pages = page_cover(memory), .access = Access::read_write};
    const auto regions = TRY(arena.array<Region>(1));
    regions[0] = {.pages = runs[0].pages, .physical = {runs[0].pages.base.value}};
    const LoadPlan plan{.entry = {image.entry.value},
                        .slide = 0,
                        .segments = segments,
                        .page_runs = runs,
                        .regions = regions,
                        .placement = Placement::physical,
                        .without_paging = true};
    TRY(check_entry(plan, nullptr));
    return plan;
}

namespace {

Result<PhysAddr> find_frames(const Region& region, MemoryUse use, FrameSource& frames) {
    FrameRequest request{.pages = region.pages.bytes / kPageBytes, .use = use};
    if (holds_large_page(region.pages) && use == MemoryUse::kernel) {
        request.alignment = kLargePageBytes;
        request.offset = region.pages.base.value % kLargePageBytes;
        if (const auto base = frames.allocate(request))
            return base;
        request.alignment = kPageBytes; // tight memory: 4 KiB pages do as well
        request.offset = 0;
    }
    return frames.allocate(request);
}

/// First all that can be where it belongs; nothing else goes to where the rest will be.
Result<void> place_physical(LoadPlan& plan, FrameSource& frames) {
    constexpr PhysAddr kNowhere{~uint64_t{0}};
    for (Region& region : plan.regions) {
        const auto base = frames.allocate({.pages = region.pages.bytes / kPageBytes,
                                           .use = MemoryUse::kernel,
                                           .at = region.physical});
        region.loaded = base ? *base : kNowhere;
    }
    for (const Region& region : plan.regions)
        frames.keep_clear(region.frames());
    for (Region& region : plan.regions)
        if (region.loaded == kNowhere)
            region.loaded = TRY(find_frames(region, MemoryUse::kernel_source, frames));
    return {};
}

} // namespace

Result<void> place(LoadPlan& plan, FrameSource& frames) {
    if (plan.relocatable)
        return place_relocatable(plan, frames);
    if (plan.placement == Placement::physical)
        return place_physical(plan, frames);
    for (Region& region : plan.regions)
        region.physical = region.loaded = TRY(find_frames(region, MemoryUse::kernel, frames));
    return {};
}

} // namespace baton

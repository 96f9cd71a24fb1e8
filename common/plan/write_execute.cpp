// SPDX-License-Identifier: BSD-2-Clause
#include "plan/write_execute.hpp"

#include <algorithm>

namespace baton {
namespace {

VirtAddr last_byte(VirtRange range) {
    return range.base + (range.bytes - 1);
}

/// Of pages that are writable and executable: the first ones, as far as they are so for one reason.
WriteExecutePages find_reason(VirtRange pages, std::span<const Segment> segments) {
    const VirtRange page{pages.base, kPageBytes};
    const auto* segment = std::partition_point(
        segments.data(), segments.data() + segments.size(),
        [&](const Segment& before) { return last_byte(before.memory) < page.base; });
    WriteExecutePages found{.pages = page, .writable = 0, .executable = 0};
    for (; segment != segments.data() + segments.size() && segment->memory.overlaps(page);
         ++segment) {
        const bool writable = (segment->flags & elf::PF_W) != 0;
        const bool executable = (segment->flags & elf::PF_X) != 0;
        if (writable)
            found.writable = segment->program_header;
        if (executable)
            found.executable = segment->program_header;
        if (writable && executable) {
            const VirtRange own = page_cover(segment->memory);
            found.pages.bytes = std::min(last_byte(own), last_byte(pages)) - page.base + 1;
            break;
        }
    }
    return found;
}

} // namespace

std::optional<WriteExecutePages> next_write_execute(const LoadPlan& plan, VirtRange after) {
    const VirtAddr from = after.end();
    if (!after.empty() && from.value == 0) // the address space has ended
        return std::nullopt;
    for (const PageRun& run : plan.page_runs) {
        if (run.access != Access::kernel_demanded_write_execute || last_byte(run.pages) < from)
            continue;
        const VirtAddr first = std::max(run.pages.base, from);
        return find_reason({first, last_byte(run.pages) - first + 1}, plan.segments);
    }
    return std::nullopt;
}

void describe_write_execute(const WriteExecutePages& found, TextWriter& text) {
    text.put("writable and executable at once: %x, %z", found.pages.base.value, found.pages.bytes);
    if (found.writable != found.executable)
        text.put(", which executable segment %d and writable segment %d share: put . = "
                 "ALIGN(4096); between them in the linker script",
                 found.executable, found.writable);
    else
        text.put(", by the flags of segment %d itself: give .text and .data segments of their own "
                 "in the linker script, PHDRS { text PT_LOAD FLAGS(5); data PT_LOAD FLAGS(6); }, "
                 "with . = ALIGN(4096); between them, and link without -N",
                 found.writable);
}

} // namespace baton

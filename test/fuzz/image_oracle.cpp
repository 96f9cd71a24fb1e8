// SPDX-License-Identifier: BSD-2-Clause
#include "fuzz/image_oracle.hpp"

#include <algorithm>
#include <set>

namespace baton::fuzz {
namespace {

using elf::Elf64_Phdr;
using Wide = unsigned __int128; // holds 2^64

constexpr uint64_t kPage = 4096;

/// The pages of a stretch of memory that is not empty and does not wrap.
PageSpan pages_of(uint64_t base, uint64_t bytes) {
    return {base / kPage, (base + (bytes - 1)) / kPage + 1};
}

/// The pages of the first PT_GNU_RELRO that fills one: from the page in which it begins up to the
/// page in which it ends, if it doesn't fill that.
PageSpan relro_pages(std::span<const Elf64_Phdr> headers, uint64_t slide) {
    for (const Elf64_Phdr& header : headers) {
        if (header.p_type != elf::PT_GNU_RELRO)
            continue;
        const uint64_t first = (header.p_vaddr + slide) / kPage;
        const Wide end = (Wide{header.p_vaddr + slide} + header.p_memsz) / kPage;
        if (end > first && end <= Wide{1} << 52)
            return {first, static_cast<uint64_t>(end)};
    }
    return {};
}

/// The places where something begins or ends, each once and in order.
template<class Spans>
std::vector<uint64_t> edges_of(const Spans& spans) {
    std::set<uint64_t> edges;
    for (const PageSpan& span : spans) {
        edges.insert(span.first);
        edges.insert(span.end);
    }
    return {edges.begin(), edges.end()};
}

bool any_contains(std::span<const PageSpan> spans, uint64_t page) {
    return std::ranges::any_of(spans, [&](const PageSpan& span) { return span.contains(page); });
}

} // namespace

std::vector<Elf64_Phdr> program_headers(Bytes file) {
    const auto header = read_at<elf::Elf64_Ehdr>(file, 0);
    std::vector<Elf64_Phdr> headers;
    headers.reserve(header.e_phnum);
    for (std::size_t i = 0; i < header.e_phnum; ++i)
        headers.push_back(read_at<Elf64_Phdr>(file, header.e_phoff + i * sizeof(Elf64_Phdr)));
    return headers;
}

std::vector<KernelPages> kernel_pages(std::span<const Elf64_Phdr> headers, uint64_t slide) {
    std::vector<KernelPages> segments;
    for (const Elf64_Phdr& header : headers)
        if (header.p_type == elf::PT_LOAD && header.p_memsz != 0)
            segments.push_back({pages_of(header.p_vaddr + slide, header.p_memsz), header.p_flags});
    const PageSpan relro = relro_pages(headers, slide);

    std::vector<PageSpan> spans = {relro};
    for (const KernelPages& segment : segments)
        spans.push_back(segment.span);
    const auto edges = edges_of(spans);
    std::vector<KernelPages> all;
    for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
        KernelPages pages{{edges[i], edges[i + 1]}, 0};
        bool any = false;
        for (const KernelPages& segment : segments)
            if (segment.span.contains(edges[i])) {
                any = true;
                pages.flags |= segment.flags & (elf::PF_W | elf::PF_X);
            }
        if (!any)
            continue;
        if (relro.contains(edges[i]))
            pages.flags &= ~elf::PF_W;
        if (!all.empty() && all.back().flags == pages.flags &&
            all.back().span.end == pages.span.first)
            all.back().span.end = pages.span.end;
        else
            all.push_back(pages);
    }
    return all;
}

std::vector<DirectPages> direct_pages(const DirectMapInput& input) {
    // UEFI 2.10 section 7.2.1: reserved and unusable memory, both kinds of memory-mapped I/O, PAL
    // code, unaccepted memory; and all types that it doesn't define.
    constexpr uint32_t kNeverMapped[] = {0, 8, 11, 12, 13, 15};
    constexpr uint32_t kTypes = 16;
    constexpr uint64_t kWriteBack = 8; // section 7.2.3, EFI_MEMORY_WB
    std::vector<PageSpan> cacheable;
    for (const EfiMemoryDescriptor& descriptor : input.descriptors)
        if ((descriptor.attribute & kWriteBack) != 0 && descriptor.type < kTypes &&
            std::ranges::find(kNeverMapped, descriptor.type) == std::end(kNeverMapped))
            cacheable.push_back(
                physical_pages(descriptor.physical_start, descriptor.number_of_pages * kPage));

    std::vector<PageSpan> spans = cacheable;
    spans.insert(spans.end(), input.read_only.begin(), input.read_only.end());
    spans.insert(spans.end(), input.framebuffers.begin(), input.framebuffers.end());
    const auto edges = edges_of(spans);
    std::vector<DirectPages> all;
    for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
        const PageSpan span{edges[i], edges[i + 1]};
        if (any_contains(input.read_only, span.first))
            all.push_back({span, test::kReadOnly});
        else if (any_contains(input.framebuffers, span.first))
            all.push_back({span, test::kWriteCombining});
        else if (any_contains(cacheable, span.first))
            all.push_back({span, test::kReadWrite});
    }
    return all;
}

test::PageKind kind_of(uint32_t flags) {
    test::PageKind kind = test::kReadOnly;
    kind.writable = (flags & elf::PF_W) != 0;
    kind.executable = (flags & elf::PF_X) != 0;
    return kind;
}

PageSpan physical_pages(uint64_t base, uint64_t bytes) {
    constexpr uint64_t kEnd = uint64_t{1} << 40; // 2^52 bytes
    if (bytes == 0 || base / kPage >= kEnd)
        return {};
    const Wide end = (Wide{base} + bytes + kPage - 1) / kPage;
    return {base / kPage, static_cast<uint64_t>(std::min<Wide>(end, kEnd))};
}

} // namespace baton::fuzz

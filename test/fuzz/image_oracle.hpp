// SPDX-License-Identifier: BSD-2-Clause
//
// What the address space of a kernel must be, found page by page from the ELF file and the memory
// map alone: written from the boot protocol and the ELF gABI, and from nothing of common/plan.
#pragma once

#include "core/bytes.hpp"
#include "elf/format.hpp"
#include "memory/efi_map.hpp"
#include "support/page_walker.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace baton::fuzz {

/// The program headers of a file whose header is in order.
std::vector<elf::Elf64_Phdr> program_headers(Bytes file);

/// Pages [first, end), by number: address / 4096. The last one of all ends at 2^52.
struct PageSpan {
    uint64_t first;
    uint64_t end;

    uint64_t bytes() const { return (end - first) * 4096; }
    bool contains(uint64_t page) const { return page >= first && page < end; }
};

/// Pages of the kernel that allow the same.
struct KernelPages {
    PageSpan span;
    uint32_t flags; // elf::PF_W, elf::PF_X: the union over the segments in them, less RELRO
};

/// All pages of the kernel by address: stretches as long as can be.
std::vector<KernelPages> kernel_pages(std::span<const elf::Elf64_Phdr> headers, uint64_t slide);

/// What the direct map must show, by address.
struct DirectPages {
    PageSpan span; // physical
    test::PageKind kind;
};
struct DirectMapInput {
    std::span<const EfiMemoryDescriptor> descriptors;
    std::span<const PageSpan> read_only; // frames that the kernel must not write to
    std::span<const PageSpan> framebuffers;
};
std::vector<DirectPages> direct_pages(const DirectMapInput& input);

test::PageKind kind_of(uint32_t flags);

/// The pages that a range of bytes touches, those beyond 2^52 bytes left out.
PageSpan physical_pages(uint64_t base, uint64_t bytes);

} // namespace baton::fuzz

// SPDX-License-Identifier: BSD-2-Clause
//
// A: the address space. Every page that is mapped belongs to one of four parts, and is judged by
// it.
#include "context.hpp"
#include "efi.hpp"
#include "own_image.hpp"

namespace conformance {
namespace {

constexpr uint64_t kGiB = uint64_t{1} << 30;
constexpr uint64_t kUpperHalf = uint64_t{1} << 63;

enum class Part { direct_map, kernel, stack, identity, none };

const BatonIdentityMapping* identity_mapping_of(const Context& context, uint64_t address) {
    for (const BatonIdentityMapping& mapping : context.view().identity_mappings())
        if (address - mapping.base < mapping.bytes)
            return &mapping;
    return nullptr;
}

Part part_of(const Context& context, uint64_t page) {
    if (page - context.info.direct_map_base < context.info.direct_map_bytes)
        return Part::direct_map;
    if (own_image::page_permissions(page) != 0)
        return Part::kernel;
    if (page - context.info.stack_base < context.info.stack_bytes)
        return Part::stack;
    for (const BatonProcessor& processor : context.view().processors())
        if (page - processor.stack_base < processor.stack_bytes)
            return Part::stack;
    if (identity_mapping_of(context, page) != nullptr)
        return Part::identity;
    return Part::none;
}

/// Calls `visit(page, leaf)` for each 4 KiB of the pages that are mapped in `part`.
template<class Visit>
void for_each_small_page(const Context& context, Part part, Visit visit) {
    context.tables.for_each_page([&](const Leaf& leaf) {
        // The direct map is large and its pages are; no other part may share a page with it.
        if (part_of(context, leaf.address) == Part::direct_map)
            return;
        // So may a mapping of W15 be.
        const BatonIdentityMapping* const mapping = identity_mapping_of(context, leaf.address);
        if (mapping != nullptr && part != Part::identity &&
            leaf.bytes <= mapping->base + mapping->bytes - leaf.address)
            return;
        for (uint64_t offset = 0; offset < leaf.bytes; offset += kPageBytes)
            if (part_of(context, leaf.address + offset) == part)
                visit(leaf.address + offset, leaf.physical + offset, leaf);
    });
}

template<class Visit>
void for_each_direct_page(const Context& context, Visit visit) {
    context.tables.for_each_page([&](const Leaf& leaf) {
        if (part_of(context, leaf.address) == Part::direct_map)
            visit(leaf);
    });
}

void check_nothing_else(Verdict& verdict, const Context& context) {
    for_each_small_page(context, Part::none, [&](uint64_t page, uint64_t, const Leaf&) {
        verdict.expect(false, "every page in the direct map, kernel, stack or identity_mappings",
                       page);
    });
}

void check_supervisor(Verdict& verdict, const Context& context) {
    context.tables.for_each_page(
        [&](const Leaf& leaf) { verdict.expect(!leaf.user, "a supervisor page", leaf.address); });
}

void check_write_xor_execute(Verdict& verdict, const Context& context) {
    context.tables.for_each_page([&](const Leaf& leaf) {
        if (!leaf.writable || !leaf.executable || context.is_runtime_page(leaf, true))
            return;
        constexpr uint32_t kBoth = elf::PF_W | elf::PF_X;
        const bool is_demanded = (own_image::page_permissions(leaf.address) & kBoth) == kBoth;
        verdict.expect(is_demanded && context.has_flag(BATON_FLAG_WRITE_EXECUTE),
                       "a page that is not writable and executable", leaf.address);
    });
}

void check_kernel_pages(Verdict& verdict, const Context& context) {
    for (uint32_t i = 0; i < context.view().kernel_segments().size(); ++i) {
        const BatonKernelSegment& segment = context.view().kernel_segments()[i];
        const uint64_t first = segment.virtual_base / kPageBytes * kPageBytes;
        const uint64_t before = segment.virtual_base - first;
        for (uint64_t offset = 0; offset < before + segment.bytes; offset += kPageBytes) {
            const uint64_t page = first + offset;
            const uint32_t wanted = own_image::page_permissions(page);
            const Leaf leaf = context.tables.translate(page);
            verdict.expect(leaf.present, "a mapped page", page);
            verdict.expect(leaf.physical == segment.base_physical - before + offset,
                           "the frame that kernel_segments tells", page);
            verdict.expect(leaf.writable == ((wanted & elf::PF_W) != 0),
                           "writable just as the segments ask", page);
            verdict.expect(leaf.executable == ((wanted & elf::PF_X) != 0),
                           "executable just as the segments ask", page);
        }
    }
}

void check_direct_map_place(Verdict& verdict, const Context& context) {
    const BatonBootInfo& info = context.info;
    const bool is_requested = own_image::request(BATON_REQUEST_DIRECT_MAP) != nullptr;
    verdict.expect(info.direct_map_base % (is_requested ? kGiB : 512 * kGiB) == 0,
                   "a base of 512 GiB (1 GiB if requested)", info.direct_map_base);
    verdict.expect(info.direct_map_base >= kUpperHalf, "the upper half", info.direct_map_base);
    verdict.expect(info.direct_map_bytes <= 0 - info.direct_map_base, "an end in 64 bits",
                   info.direct_map_bytes);
}

/// Types of memory that the direct map always shows.
bool is_always_mapped(uint32_t type) {
    return type >= BATON_MEMORY_USABLE && type <= BATON_MEMORY_FRAMEBUFFER;
}

void check_direct_map_is_complete(Verdict& verdict, const Context& context) {
    for (const BatonMemoryRange& range : context.view().memory_map()) {
        if (!is_always_mapped(range.type))
            continue;
        const uint64_t end = range.base_physical + range.bytes;
        for (uint64_t at = range.base_physical; at < end;) {
            const Leaf leaf = context.tables.translate(context.info.direct_map_base + at);
            verdict.expect(at < context.info.direct_map_bytes && leaf.present &&
                               leaf.physical == at,
                           "memory mapped at direct_map_base + its address", at);
            at = (at | (leaf.bytes - 1)) + 1;
        }
    }
}

/// Whether a reserved address may be mapped: two descriptors of the firmware's own map overlap, and
/// one has it as memory; or there is no such map, and the page has a firmware table.
bool is_memory_too(const Context& context, uint64_t physical) {
    constexpr uint32_t kReserved = 0, kMappedIo = 11, kPalCode = 13, kUnaccepted = 15;
    if (efi::memory_map(context.info).empty())
        return true;
    for (const efi::MemoryDescriptor& descriptor : efi::memory_map(context.info)) {
        const uint32_t type = descriptor.type;
        if (type != kReserved && (type < kMappedIo || type > kPalCode) && type < kUnaccepted &&
            physical >= descriptor.physical_start && physical < descriptor.end())
            return true;
    }
    return false;
}

/// Whether all of a page of the direct map is of ranges that may be mapped there. What is reserved
/// is only there for runtime services.
bool shows_memory_only(const Context& context, const Leaf& leaf) {
    const uint64_t end = leaf.physical + leaf.bytes;
    for (uint64_t at = leaf.physical; at < end;) {
        const BatonMemoryRange* range = context.range_of(at);
        if (range == nullptr || range->type == BATON_MEMORY_BAD ||
            range->type == BATON_MEMORY_UNACCEPTED ||
            (range->type == BATON_MEMORY_RESERVED && !context.is_runtime_page(leaf, false) &&
             !is_memory_too(context, at)))
            return false;
        at = range->base_physical + range->bytes;
    }
    return true;
}

void check_direct_map_pages(Verdict& verdict, const Context& context) {
    for_each_direct_page(context, [&](const Leaf& leaf) {
        verdict.expect(leaf.address == context.info.direct_map_base + leaf.physical,
                       "physical address + direct_map_base", leaf.address);
        verdict.expect(!leaf.executable || context.is_runtime_page(leaf, true),
                       "a page that is not executable", leaf.address);
        verdict.expect(shows_memory_only(context, leaf), "a page of nothing but memory",
                       leaf.address);
    });
}

/// Whether it is a frame of the kernel's that the kernel's own mapping makes read-only.
bool is_read_only_kernel_frame(const Context& context, uint64_t frame) {
    for (const BatonKernelSegment& segment : context.view().kernel_segments()) {
        const uint64_t before = segment.virtual_base % kPageBytes;
        const uint64_t offset = frame - (segment.base_physical - before);
        if (offset < before + segment.bytes)
            return (own_image::page_permissions(segment.virtual_base - before + offset) &
                    elf::PF_W) == 0;
    }
    return false;
}

bool has_kernel_frame(const Context& context, const Leaf& leaf) {
    for (const BatonKernelSegment& segment : context.view().kernel_segments())
        if (leaf.physical - segment.base_physical < segment.bytes ||
            segment.base_physical - leaf.physical < leaf.bytes)
            return true;
    return false;
}

void check_aliases(Verdict& verdict, const Context& context) {
    for_each_direct_page(context, [&](const Leaf& leaf) {
        bool has_read_only = false;
        bool has_writable = false;
        if (has_kernel_frame(context, leaf))
            for (uint64_t at = 0; at < leaf.bytes; at += kPageBytes) {
                const bool fixed = is_read_only_kernel_frame(context, leaf.physical + at);
                has_read_only = has_read_only || fixed;
                has_writable = has_writable || !fixed;
            }
        verdict.expect(!has_read_only || !leaf.writable,
                       "the kernel's read-only memory not writable in the direct map",
                       leaf.address);
        verdict.expect(leaf.writable || (has_read_only && !has_writable) ||
                           context.is_runtime_page(leaf, true),
                       "all other memory writable in the direct map", leaf.address);
    });
}

void check_caching(Verdict& verdict, const Context& context) {
    context.tables.for_each_page([&](const Leaf& leaf) {
        const bool is_direct = part_of(context, leaf.address) == Part::direct_map;
        if (leaf.address < context.identity_bytes() &&
            own_image::page_permissions(leaf.address) == 0)
            return; // W15
        bool is_screen = false;
        for (const BatonFramebuffer& screen : context.view().framebuffers())
            is_screen =
                is_screen || (is_direct && (leaf.physical - screen.base_physical < screen.bytes ||
                                            screen.base_physical - leaf.physical < leaf.bytes));
        const bool is_device = is_direct ? context.is_runtime_page(leaf, false)
                                         : part_of(context, leaf.address) == Part::identity &&
                                               context.is_device(leaf.physical);
        verdict.expect(leaf.pat_entry == (is_screen   ? kWriteCombining
                                          : is_device ? kUncacheable
                                                      : kWriteBack),
                       "write-back (PAT entry 0), framebuffers write-combining (5)", leaf.address);
    });
}

void check_page_zero(Verdict& verdict, const Context& context) {
    verdict.expect(!context.tables.translate(0).present, "nothing mapped");
}

void check_stack(Verdict& verdict, const Context& context) {
    check_stack(verdict, context, context.info.stack_base, context.info.stack_bytes);
}

void check_identity_mappings(Verdict& verdict, const Context& context) {
    if (context.view().identity_mappings().empty())
        verdict.absent("identity-mappings");
    for (const BatonIdentityMapping& mapping : context.view().identity_mappings()) {
        verdict.expect(mapping.base % kPageBytes == 0 && mapping.bytes % kPageBytes == 0 &&
                           mapping.bytes != 0,
                       "whole pages", mapping.base);
        verdict.expect(mapping.base + mapping.bytes <= kUpperHalf, "the lower half", mapping.base);
        verdict.expect(
            context.is_device(mapping.base) || mapping.base < context.identity_bytes() ||
                context.is_all(mapping.base, mapping.bytes, BATON_MEMORY_LOADER_RECLAIMABLE),
            "the loader's memory, or a device's registers", mapping.base);
        for (uint64_t at = 0; at < mapping.bytes; at += kPageBytes) {
            const Leaf leaf = context.tables.translate(mapping.base + at);
            verdict.expect(leaf.present && leaf.physical == mapping.base + at, "virtual = physical",
                           mapping.base + at);
            verdict.expect(leaf.writable == ((mapping.permissions & BATON_SEGMENT_WRITE) != 0) &&
                               leaf.executable ==
                                   ((mapping.permissions & BATON_SEGMENT_EXECUTE) != 0),
                           "just its permissions", mapping.base + at);
        }
    }
}

void check_tables(Verdict& verdict, const Context& context) {
    context.tables.for_each_table([&](uint64_t table) {
        verdict.expect(context.is_all(table, kPageBytes, BATON_MEMORY_LOADER_RECLAIMABLE),
                       "page tables in the loader's memory", table);
        return true;
    });
}

constexpr Promise kPromises[] = {
    {"A1", "nothing is mapped but the parts that the protocol names", check_nothing_else},
    {"A2", "every page is for the supervisor only", check_supervisor},
    {"A3", "no page is writable and executable but where segments demand it",
     check_write_xor_execute},
    {"A4", "the kernel's pages have the union of their segments' permissions", check_kernel_pages},
    {"A5", "the direct map's base is aligned, and in the upper half", check_direct_map_place},
    {"A6", "the direct map shows all memory", check_direct_map_is_complete},
    {"A7", "the direct map shows nothing else, and is never executable", check_direct_map_pages},
    {"A8", "the kernel's read-only memory is read-only in the direct map too", check_aliases},
    {"A9", "memory is cached write-back, framebuffers are write-combining", check_caching},
    {"A10", "page 0 is unmapped", check_page_zero},
    {"A11", "the stack is mapped, its neighbours are not", check_stack},
    {"A12", "what stage 2 needed is listed in identity_mappings", check_identity_mappings},
    {"A13", "the page tables lie in loader-reclaimable memory", check_tables},
};

} // namespace

std::span<const Promise> address_space_promises() {
    return kPromises;
}

void check_stack(Verdict& verdict, const Context& context, uint64_t base, uint64_t bytes) {
    verdict.expect(base % kPageBytes == 0, "whole pages", base);
    verdict.expect(bytes % kPageBytes == 0 && bytes != 0, "whole pages", bytes);
    for (uint64_t at = base; at < base + bytes; at += kPageBytes) {
        const Leaf leaf = context.tables.translate(at);
        verdict.expect(leaf.present && leaf.writable && !leaf.executable,
                       "a page to read and write", at);
        verdict.expect(context.is_all(leaf.physical, kPageBytes, BATON_MEMORY_LOADER_RECLAIMABLE),
                       "the loader's memory", at);
    }
    for (const uint64_t guard : {base - 1, base + bytes})
        verdict.expect(!context.tables.translate(guard).present, "an unmapped neighbour", guard);
}

} // namespace conformance

// SPDX-License-Identifier: BSD-2-Clause
//
// The rest of the address space: what else is mapped, and what is not.
#include "context.hpp"

namespace {

constexpr uint64_t kPageBytes = 4096;

bool overlaps(uint64_t base, uint64_t bytes, uint64_t other, uint64_t other_bytes) {
    return base - other < other_bytes || other - base < bytes;
}

bool is_kernel(const Context& context, uint64_t address, uint64_t bytes) {
    for (const WantedSegment& segment : context.parameters.segments())
        if (overlaps(address, bytes, segment.virtual_base, segment.bytes))
            return true;
    return false;
}

bool is_direct_map(const Context& context, uint64_t address) {
    return address - context.info.direct_map_base < context.info.direct_map_bytes;
}

bool is_stack(const Context& context, uint64_t address) {
    return address - context.info.stack_base < context.info.stack_bytes;
}

void check_write_xor_execute(Context& context) {
    Promise promise(context.tally, "no_page_writable_and_executable");
    if (context.parameters.has(kAllowWriteExecute))
        return;
    context.tables.for_each_page([&](uint64_t address, const Translation& page) {
        promise.expect(!page.writable || !page.executable, "not both", address, page.physical);
    });
}

/// Nothing is mapped but what the boot protocol tells of, and the little of the loader's own that
/// stage 2 needs, identity-mapped.
void check_nothing_else(Context& context) {
    Promise promise(context.tally, "nothing_else_mapped");
    context.tables.for_each_page([&](uint64_t address, const Translation& page) {
        promise.expect(!page.user, "for the supervisor only", address);
        if (is_kernel(context, address, page.page_bytes) || is_stack(context, address))
            return;
        promise.expect(!is_direct_map(context, address) || !page.executable,
                       "the direct map is not executable", address);
        if (is_direct_map(context, address))
            return;
        promise.expect_equal(page.physical, address, "what is left is an identity mapping");
        promise.expect(
            context.is_all(page.physical, page.page_bytes, BATON_MEMORY_LOADER_RECLAIMABLE),
            "of the loader's memory", address, page.page_bytes);
    });
}

void check_holes(Context& context) {
    const uint64_t stack = context.info.stack_base;
    {
        Promise promise(context.tally, "page_zero_unmapped");
        promise.expect(!context.tables.translate(0).present, "not present");
    }
    Promise promise(context.tally, "stack_guard_pages_unmapped");
    promise.expect(!context.tables.translate(stack - kPageBytes).present, "below", stack);
    promise.expect(!context.tables.translate(stack + context.info.stack_bytes).present, "above",
                   stack + context.info.stack_bytes);
}

void check_stack(Context& context) {
    Promise promise(context.tally, "stack_mapped");
    const BatonBootInfo& info = context.info;
    promise.expect(info.stack_base % kPageBytes == 0 && info.stack_bytes % kPageBytes == 0 &&
                       info.stack_bytes >= 4 * kPageBytes,
                   "whole pages, a few of them", info.stack_base, info.stack_bytes);
    for (uint64_t offset = 0; offset < info.stack_bytes; offset += kPageBytes) {
        const Translation page = context.tables.translate(info.stack_base + offset);
        promise.expect(page.present && page.writable && !page.executable, "read and write", offset);
        promise.expect_equal(context.memory_type(page.physical), BATON_MEMORY_LOADER_RECLAIMABLE,
                             "memory type");
    }
}

/// Whether the direct map must show memory of this type.
bool is_shown(uint32_t type) {
    return type >= BATON_MEMORY_USABLE && type <= BATON_MEMORY_FRAMEBUFFER;
}

/// All memory is in the direct map, and nothing of which the memory map says nothing. Whether the
/// kernel's own pages are writable there, segments.cpp looks at.
void check_direct_map(Context& context) {
    Promise promise(context.tally, "direct_map");
    const BatonBootInfo& info = context.info;
    promise.expect_equal(info.direct_map_base % (uint64_t{1} << 39), 0, "base of 512 GiB");
    for (const BatonMemoryRange& range : context.view().memory_map()) {
        if (!is_shown(range.type))
            continue;
        for (uint64_t at = range.base_physical; at < range.base_physical + range.bytes;) {
            const Translation page = context.tables.translate(info.direct_map_base + at);
            promise.expect(at < info.direct_map_bytes && page.present && !page.executable &&
                               page.physical == at,
                           "memory is there", at, page.physical);
            promise.expect(page.writable || range.type == BATON_MEMORY_KERNEL_AND_MODULES,
                           "memory is writable there", at, page.physical);
            at = at / page.page_bytes * page.page_bytes + page.page_bytes;
        }
    }
    context.tables.for_each_page([&](uint64_t address, const Translation& page) {
        if (!is_direct_map(context, address))
            return;
        promise.expect_equal(page.physical, address - info.direct_map_base, "offset");
        for (uint64_t end : {uint64_t{0}, page.page_bytes - kPageBytes})
            promise.expect(context.memory_type(page.physical + end) != 0, "only memory is there",
                           page.physical + end);
    });
}

void check_page_tables(Context& context) {
    Promise promise(context.tally, "page_tables_reclaimable");
    context.tables.for_each_table([&](uint64_t table) {
        promise.expect_equal(context.memory_type(table), BATON_MEMORY_LOADER_RECLAIMABLE,
                             "memory type of a table");
    });
}

} // namespace

void check_address_space(Context& context) {
    check_write_xor_execute(context);
    check_nothing_else(context);
    check_holes(context);
    check_stack(context);
    check_direct_map(context);
    check_page_tables(context);
}

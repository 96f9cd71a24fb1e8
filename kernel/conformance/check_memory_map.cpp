// SPDX-License-Identifier: BSD-2-Clause
//
// M: the memory map, and what the firmware's own says to it.
#include "context.hpp"
#include "efi.hpp"

namespace conformance {
namespace {

bool are_alike(const BatonMemoryRange& a, const BatonMemoryRange& b, const Context& context) {
    return a.type == b.type && a.firmware_type == b.firmware_type && a.attributes == b.attributes &&
           (a.origin == b.origin || context.text_at(a.origin) == context.text_at(b.origin));
}

void check_order(Verdict& verdict, const Context& context) {
    const BatonMemoryRange* last = nullptr;
    for (const BatonMemoryRange& range : context.view().memory_map()) {
        verdict.expect(range.base_physical % kPageBytes == 0 && range.bytes % kPageBytes == 0,
                       "whole pages", range.base_physical);
        verdict.expect(range.bytes != 0 && range.base_physical + range.bytes > range.base_physical,
                       "not empty, and an end", range.base_physical);
        if (last != nullptr) {
            const uint64_t end = last->base_physical + last->bytes;
            verdict.expect(range.base_physical >= end, "sorted ranges, no overlap",
                           range.base_physical);
            verdict.expect(range.base_physical != end || !are_alike(*last, range, context),
                           "ranges that touch differ", range.base_physical);
        }
        last = &range;
    }
}

void check_types(Verdict& verdict, const Context& context) {
    bool is_usable = false;
    for (const BatonMemoryRange& range : context.view().memory_map()) {
        verdict.expect(range.type >= BATON_MEMORY_USABLE &&
                           range.type <= BATON_MEMORY_SPECIAL_PURPOSE,
                       "a type of the protocol", range.base_physical);
        is_usable = is_usable || range.type == BATON_MEMORY_USABLE;
    }
    verdict.expect(is_usable, "some usable memory");
}

void check_firmware_map(Verdict& verdict, const Context& context) {
    const BatonBootInfo& info = context.info;
    if (info.firmware_memory_map == 0) {
        verdict.equal("firmware_memory_map_bytes", 0, info.firmware_memory_map_bytes);
        return verdict.absent("uefi");
    }
    verdict.equal("firmware_descriptor_version", 1, info.firmware_descriptor_version);
    verdict.expect(info.firmware_descriptor_bytes >= sizeof(efi::MemoryDescriptor),
                   "firmware_descriptor_bytes", info.firmware_descriptor_bytes);
    verdict.expect(info.firmware_memory_map_bytes != 0, "descriptors");
    if (info.firmware_descriptor_bytes != 0)
        verdict.equal("a part of a descriptor", 0,
                      info.firmware_memory_map_bytes % info.firmware_descriptor_bytes);
    context.expect_record(verdict, "the loader's memory", info.firmware_memory_map,
                          info.firmware_memory_map_bytes);
    if (verdict.is_broken() || !context.has_flag(BATON_FLAG_RUNTIME_MAPPED))
        return;
    for (const efi::MemoryDescriptor& descriptor : efi::memory_map(info))
        verdict.equal("VirtualStart", info.direct_map_base + descriptor.physical_start,
                      descriptor.virtual_start);
}

/// Each page that the map calls usable is free for the firmware too, and no runtime region.
void check_usable_is_free(Verdict& verdict, const Context& context) {
    if (efi::memory_map(context.info).empty())
        return verdict.absent("uefi");
    for (const efi::MemoryDescriptor& descriptor : efi::memory_map(context.info)) {
        if (efi::is_free_after_exit(descriptor))
            continue;
        for (const BatonMemoryRange& range : context.view().memory_map())
            verdict.expect(range.type != BATON_MEMORY_USABLE ||
                               descriptor.end() <= range.base_physical ||
                               range.base_physical + range.bytes <= descriptor.physical_start,
                           "usable memory not otherwise used", range.base_physical);
    }
}

/// Whether a descriptor of the firmware's says what a range says of it.
bool is_confirmed(const Context& context, const BatonMemoryRange& range) {
    for (const efi::MemoryDescriptor& descriptor : efi::memory_map(context.info))
        if (range.base_physical >= descriptor.physical_start &&
            range.base_physical < descriptor.end() && range.firmware_type == descriptor.type &&
            range.attributes == descriptor.attribute)
            return true;
    return false;
}

void check_firmware_types(Verdict& verdict, const Context& context) {
    if (efi::memory_map(context.info).empty())
        return verdict.absent("uefi");
    for (const BatonMemoryRange& range : context.view().memory_map()) {
        if (range.firmware_type == BATON_NO_FIRMWARE_TYPE)
            verdict.equal("attributes of a range that the firmware doesn't know", 0,
                          range.attributes);
        else
            verdict.expect(is_confirmed(context, range),
                           "firmware_type and attributes of the firmware's map",
                           range.base_physical);
    }
}

/// No memory that the firmware tells of is left out.
void check_completeness(Verdict& verdict, const Context& context) {
    constexpr uint64_t kPhysicalEnd = uint64_t{1} << 52;
    if (efi::memory_map(context.info).empty())
        return verdict.absent("uefi");
    for (const efi::MemoryDescriptor& descriptor : efi::memory_map(context.info))
        for (uint64_t at = descriptor.physical_start; at < descriptor.end() && at < kPhysicalEnd;) {
            const BatonMemoryRange* range = context.range_of(at);
            verdict.expect(range != nullptr, "a range for it", at);
            if (range == nullptr)
                break;
            at = range->base_physical + range->bytes;
        }
}

void check_loader_memory(Verdict& verdict, const Context& context) {
    for (const BatonIdentityMapping& mapping : context.view().identity_mappings())
        verdict.expect(
            context.is_device(mapping.base) || mapping.base < context.identity_bytes() ||
                context.is_all(mapping.base, mapping.bytes, BATON_MEMORY_LOADER_RECLAIMABLE),
            "identity mappings", mapping.base);
    if (context.info.log != 0)
        context.expect_record(verdict, "the log", context.info.log, context.info.log_bytes, 1);
    context.expect_record(verdict, "BootInfo", context.entry.rdi, context.info.size);
    const uint64_t stack = context.tables.translate(context.info.stack_base).physical;
    verdict.expect(context.is_all(stack, kPageBytes, BATON_MEMORY_LOADER_RECLAIMABLE), "the stack",
                   stack);
}

void check_framebuffer_ranges(Verdict& verdict, const Context& context) {
    if (context.view().framebuffers().empty())
        return verdict.absent("framebuffer");
    for (const BatonFramebuffer& screen : context.view().framebuffers())
        verdict.expect(context.is_all(screen.base_physical, screen.bytes, BATON_MEMORY_FRAMEBUFFER),
                       "memory of its type", screen.base_physical);
}

/// Nothing but what Baton put there has an origin, and what is Baton's own has one.
void check_origins(Verdict& verdict, const Context& context) {
    const BatonMemoryRange* tables = context.range_of(context.info.kernel_cr3);
    verdict.expect(tables != nullptr && context.text_at(tables->origin) == "page tables",
                   "\"page tables\"", context.info.kernel_cr3);
    for (const BatonMemoryRange& range : context.view().memory_map()) {
        const bool is_own = range.type == BATON_MEMORY_LOADER_RECLAIMABLE ||
                            range.type == BATON_MEMORY_KERNEL_AND_MODULES;
        if (range.type == BATON_MEMORY_KERNEL_AND_MODULES)
            verdict.expect(!context.text_at(range.origin).empty(), "an origin",
                           range.base_physical);
        else if (!is_own && range.type != BATON_MEMORY_FRAMEBUFFER)
            verdict.expect(context.text_at(range.origin).empty(), "no origin", range.base_physical);
    }
}

constexpr Promise kPromises[] = {
    {"M1", "ranges are sorted, disjoint, of whole pages, and merged", check_order},
    {"M2", "types are known ones, and some memory is usable", check_types},
    {"M3", "the firmware's own map is given", check_firmware_map},
    {"M4", "usable memory is free by the firmware's map", check_usable_is_free},
    {"M5", "firmware types and attributes are the firmware's", check_firmware_types},
    {"M6", "nothing that the firmware tells of is left out", check_completeness},
    {"M7", "what the loader made is loader-reclaimable", check_loader_memory},
    {"M8", "framebuffers have ranges of their type", check_framebuffer_ranges},
    {"M9", "origins name what Baton has put there", check_origins},
};

} // namespace

std::span<const Promise> memory_map_promises() {
    return kPromises;
}

} // namespace conformance

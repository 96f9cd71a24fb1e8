// SPDX-License-Identifier: BSD-2-Clause
#include "plan/direct_map.hpp"

#include "memory/normalise.hpp"

#include <optional>

namespace baton {
namespace {

// The normaliser sorts this out too: types of its own, each stronger than the one before, stand for
// the kinds of mapping.
constexpr BatonMemoryType kMemory = BATON_MEMORY_LOADER_RECLAIMABLE;
constexpr BatonMemoryType kDevice = BATON_MEMORY_USABLE;
constexpr BatonMemoryType kHidden = BATON_MEMORY_UNACCEPTED;
constexpr BatonMemoryType kWriteCombining = BATON_MEMORY_FRAMEBUFFER;
constexpr BatonMemoryType kReadOnly = BATON_MEMORY_BAD;

constexpr BatonMemoryType type_of(RuntimeUse use) {
    switch (use) {
    case RuntimeUse::code:
        return BATON_MEMORY_KERNEL_AND_MODULES;
    case RuntimeUse::code_read_write:
        return BATON_MEMORY_ACPI_RECLAIMABLE;
    case RuntimeUse::code_read_only:
        return BATON_MEMORY_ACPI_NVS;
    case RuntimeUse::code_read_execute:
        return BATON_MEMORY_SPECIAL_PURPOSE;
    case RuntimeUse::device:
    default:
        return BATON_MEMORY_RESERVED;
    }
}

// Who says that there is something to map: a part of code counts only where there is code, and
// where there is none, but memory, that is mapped.
constexpr uint32_t kIsMemory = 1;
constexpr uint32_t kIsCode = 2;

std::optional<Access> access_of_code_part(Access access, uint32_t who) {
    if (who == kIsCode)
        return access;
    return who == kIsMemory ? std::optional(Access::read_write) : std::nullopt;
}

/// Nothing where it isn't to be mapped.
std::optional<Access> access_of(const NormalisedRange& range) {
    switch (range.type) {
    case type_of(RuntimeUse::code):
        return Access::kernel_demanded_write_execute;
    case type_of(RuntimeUse::code_read_only):
        return access_of_code_part(Access::read_only, range.firmware_type);
    case type_of(RuntimeUse::code_read_write):
        return access_of_code_part(Access::read_write, range.firmware_type);
    case type_of(RuntimeUse::code_read_execute):
        return access_of_code_part(Access::read_execute, range.firmware_type);
    case kReadOnly:
        return Access::read_only;
    case kHidden:
        return std::nullopt;
    default:
        return Access::read_write;
    }
}

Caching caching_of(BatonMemoryType type) {
    if (type == kWriteCombining)
        return Caching::write_combining;
    return type == type_of(RuntimeUse::device) || type == kDevice ? Caching::uncacheable
                                                                  : Caching::write_back;
}

bool is_writable(Access access) {
    return access == Access::read_write || access == Access::kernel_demanded_write_execute;
}

std::size_t add_ranges(const DirectMapParts& parts, std::span<TypedRange> ranges) {
    std::size_t count = 0;
    for (const PhysRange& range : parts.memory)
        ranges[count++] = {.range = range, .type = kMemory, .firmware_type = kIsMemory};
    for (const RuntimeRange& range : parts.runtime)
        ranges[count++] = {.range = range.range,
                           .type = type_of(range.use),
                           .firmware_type =
                               range.use == RuntimeUse::code ? kIsCode : BATON_NO_FIRMWARE_TYPE};
    for (const PageRun& run : parts.plan.page_runs)
        if (!is_writable(run.access))
            ranges[count++] = {.range = {parts.plan.physical(run.pages.base), run.pages.bytes},
                               .type = kReadOnly};
    for (const BatonFramebuffer& framebuffer : parts.framebuffers)
        ranges[count++] = {.range = {{framebuffer.base_physical}, framebuffer.bytes},
                           .type = kWriteCombining};
    for (const PhysRange& range : parts.devices)
        ranges[count++] = {.range = range, .type = kDevice};
    for (const PhysRange& range : parts.hidden)
        ranges[count++] = {.range = range, .type = kHidden};
    return count;
}

/// After the first `count` of `mappings`, or as a part of the last of these.
std::size_t add_mapping(const DirectMapping& mapping, std::span<DirectMapping> mappings,
                        std::size_t count) {
    DirectMapping* const last = count == 0 ? nullptr : &mappings[count - 1];
    if (last && last->range.end() == mapping.range.base && last->access == mapping.access &&
        last->caching == mapping.caching) {
        last->range.bytes += mapping.range.bytes;
        return count;
    }
    mappings[count] = mapping;
    return count + 1;
}

} // namespace

Result<std::span<DirectMapping>> plan_direct_map(const DirectMapParts& parts, Arena& arena) {
    const std::size_t most = parts.memory.size() + parts.runtime.size() +
                             parts.plan.page_runs.size() + parts.framebuffers.size() +
                             parts.devices.size() + parts.hidden.size();
    const auto ranges = TRY(arena.scratch<TypedRange>(most));
    const auto buffers = TRY(NormaliseBuffers::create(arena, most));
    const auto mappings = TRY(arena.scratch<DirectMapping>(buffers.result.size()));
    std::size_t count = 0;
    for (const NormalisedRange& range : normalise(ranges.first(add_ranges(parts, ranges)), buffers))
        if (auto access = access_of(range)) {
            if (parts.is_executable && range.type == kMemory)
                access = Access::kernel_demanded_write_execute;
            count = add_mapping({range.range, *access, caching_of(range.type)}, mappings, count);
        }
    return mappings.first(count);
}

uint64_t physical_end(std::span<const DirectMapping> mappings) {
    return mappings.empty() ? 0 : mappings.back().range.end().value;
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
#include "plan/address_space.hpp"

#include "paging/entry.hpp"
#include "plan/requests.hpp"

#include <algorithm>

namespace baton {
namespace {

constexpr uint64_t kRootEntryBytes = paging::entry_bytes(paging::kLevels);

/// The lowest multiple of `alignment` from `start` on with `bytes` free of the kernel's pages.
Result<VirtAddr> find_free(const LoadPlan& plan, VirtAddr start, uint64_t bytes,
                           uint64_t alignment) {
    const auto no_space = fail(ErrorCode::no_virtual_space, {bytes});
    if (start.value > ~uint64_t{0} - (alignment - 1))
        return no_space;
    VirtAddr candidate{align_up(start.value, alignment)};
    for (const Region& region : plan.regions) { // in ascending order, so one pass is enough
        if (!region.pages.overlaps({candidate, bytes}))
            continue;
        const VirtAddr after = region.pages.end();
        if (after < candidate || after.value > ~uint64_t{0} - (alignment - 1))
            return no_space;
        candidate = {align_up(after.value, alignment)};
    }
    if (candidate < kDirectMapBase || bytes > ~uint64_t{0} - candidate.value)
        return no_space;
    return candidate;
}

Result<void> map_kernel(PageMapper& mapper, const LoadPlan& plan) {
    for (const PageRun& run : plan.page_runs) {
        TRY(mapper.map({.virtual_base = run.pages.base,
                        .physical_base = plan.physical(run.pages.base),
                        .bytes = run.pages.bytes,
                        .access = run.access}));
    }
    return {};
}

Result<void> map_direct(PageMapper& mapper, VirtAddr base,
                        std::span<const DirectMapping> mappings) {
    for (const DirectMapping& mapping : mappings) {
        TRY(mapper.map({.virtual_base = base + mapping.range.base.value,
                        .physical_base = mapping.range.base,
                        .bytes = mapping.range.bytes,
                        .access = mapping.access,
                        .caching = mapping.caching}));
    }
    return {};
}

Result<void> map_stacks(PageMapper& mapper, const AddressSpace& space) {
    TRY(mapper.map({.virtual_base = space.layout.stack.base,
                    .physical_base = space.stack,
                    .bytes = space.layout.stack.bytes,
                    .access = Access::read_write}));
    const auto& stacks = space.processor_stacks;
    for (uint64_t i = 0; i < stacks.count; ++i)
        TRY(mapper.map(
            {.virtual_base = space.layout.processor_stacks + i * (stacks.bytes + kPageBytes),
             .physical_base = stacks.base + i * stacks.bytes,
             .bytes = stacks.bytes,
             .access = Access::read_write}));
    return {};
}

Result<void> map_identity(PageMapper& mapper, std::span<const IdentityMapping> mappings) {
    for (const IdentityMapping& mapping : mappings) {
        auto mapped = mapper.map({.virtual_base = {mapping.range.base.value},
                                  .physical_base = mapping.range.base,
                                  .bytes = mapping.range.bytes,
                                  .access = mapping.access,
                                  .caching = mapping.caching});
        if (!mapped)
            return mapped;
    }
    return {};
}

} // namespace

Result<Layout> plan_layout(const LoadPlan& plan, const LayoutRequests& requests) {
    const uint64_t direct_map_bytes = align_up(requests.physical_end, kHugePageBytes);
    const VirtAddr wanted = requests.direct_map.value_or(kDirectMapBase);
    const uint64_t alignment = requests.direct_map ? kHugePageBytes : kRootEntryBytes;
    const auto direct_map = find_free(plan, wanted, direct_map_bytes, alignment);
    if (requests.direct_map && (!direct_map || *direct_map != wanted))
        return request_not_met(BATON_REQUEST_DIRECT_MAP, wanted.value, direct_map_bytes);
    if (!direct_map)
        return std::unexpected(direct_map.error());

    // After the direct map, or where that leaves no space, from the beginning of the upper half.
    const uint64_t guarded_bytes =
        requests.stack_bytes + 2 * kPageBytes +
        requests.processors * (requests.processor_stack_bytes + kPageBytes);
    auto stack = find_free(plan, *direct_map + direct_map_bytes, guarded_bytes, kHugePageBytes);
    if (!stack && *direct_map > kDirectMapBase + 2 * kRootEntryBytes)
        stack = find_free(plan, kDirectMapBase, guarded_bytes, kHugePageBytes);
    if (stack && VirtRange{*stack, guarded_bytes}.overlaps({*direct_map, direct_map_bytes}))
        return fail(ErrorCode::no_virtual_space, {guarded_bytes});
    if (!stack)
        return std::unexpected(stack.error());
    return Layout{.direct_map = {*direct_map, direct_map_bytes},
                  .stack = {*stack + kPageBytes, requests.stack_bytes},
                  .processor_stacks = *stack + (requests.stack_bytes + 2 * kPageBytes)};
}

Result<void> map_address_space(PageMapper& mapper, const AddressSpace& space) {
    TRY(map_kernel(mapper, space.plan));
    TRY(map_direct(mapper, space.layout.direct_map.base, space.direct_map));
    if (!space.stack_in_direct_map)
        TRY(map_stacks(mapper, space));
    return map_identity(mapper, space.identity);
}

} // namespace baton

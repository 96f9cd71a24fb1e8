// SPDX-License-Identifier: BSD-2-Clause
#include "plan/identity_map.hpp"

#include "core/heap_sort.hpp"
#include "plan/requests.hpp"

#include <algorithm>

namespace baton {
namespace {

/// What is mapped there by other means, in ascending order.
Result<std::span<PhysRange>> taken_below(uint64_t bytes, const LoadPlan& plan,
                                         std::span<const IdentityMapping> there, Arena& arena) {
    const auto taken = TRY(arena.scratch<PhysRange>(plan.page_runs.size() + there.size()));
    std::size_t count = 0;
    for (const PageRun& run : plan.page_runs) {
        const PhysRange pages{{run.pages.base.value}, run.pages.bytes};
        if (pages.base.value >= bytes)
            break;
        if (plan.physical(run.pages.base) != pages.base)
            return request_not_met(BATON_REQUEST_IDENTITY, bytes);
        taken[count++] = pages;
    }
    for (const IdentityMapping& mapping : there)
        taken[count++] = mapping.range;
    heap_sort(taken.first(count),
              [](const PhysRange& a, const PhysRange& b) { return a.base < b.base; });
    return taken.first(count);
}

IdentityMapping without_code(const DirectMapping& mapping, PhysRange part) {
    const bool is_read_only =
        mapping.access == Access::read_only || mapping.access == Access::read_execute;
    return {part, is_read_only ? Access::read_only : Access::read_write, mapping.caching};
}

/// Which mapping of the direct map has `at`, or is the next one after it; its end: none.
const DirectMapping* shown_from(PhysAddr at, std::span<const DirectMapping> direct_map) {
    return std::partition_point(
        direct_map.data(), direct_map.data() + direct_map.size(),
        [&](const DirectMapping& mapping) { return mapping.range.end() <= at; });
}

} // namespace

Result<std::span<const IdentityMapping>>
plan_identity_map(const IdentityRequest& request, const LoadPlan& plan,
                  std::span<const DirectMapping> direct_map, std::span<const IdentityMapping> there,
                  Arena& arena) {
    const auto taken = TRY(taken_below(request.bytes, plan, there, arena));
    // Each range of either kind ends a mapping, and begins the next after it.
    const auto all = TRY(arena.scratch<IdentityMapping>(there.size() + 2 * taken.size() +
                                                        2 * direct_map.size() + 1));
    std::size_t count = there.size();
    std::ranges::copy(there, all.begin());
    auto next_taken = taken.begin();
    const PhysAddr limit{request.bytes};
    for (PhysAddr at{kPageBytes}, end; at < limit; at = end) {
        end = limit;
        while (next_taken != taken.end() && next_taken->end() <= at)
            ++next_taken;
        if (next_taken != taken.end() && next_taken->base <= at) {
            end = next_taken->end();
            continue;
        }
        if (next_taken != taken.end())
            end = std::min(end, next_taken->base);
        const DirectMapping* const next = shown_from(at, direct_map);
        const bool is_any = next != direct_map.data() + direct_map.size();
        if (is_any && next->range.base <= at) {
            end = std::min(end, next->range.end());
            const PhysRange part{at, end - at};
            all[count++] = request.is_executable
                               ? IdentityMapping{part, next->access, next->caching}
                               : without_code(*next, part);
            continue;
        }
        if (is_any)
            end = std::min(end, next->range.base);
        if (request.has_devices)
            all[count++] = {{at, end - at}, Access::read_write, Caching::uncacheable};
    }
    return all.first(count);
}

} // namespace baton

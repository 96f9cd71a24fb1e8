// SPDX-License-Identifier: BSD-2-Clause
#include "plan/direct_map.hpp"

#include "memory/normalise.hpp"

namespace baton {
namespace {

// The normaliser sorts this out too; three of its types, each stronger than the one before, stand
// for the kinds of mapping.
constexpr BatonMemoryType kReadWrite = BATON_MEMORY_RESERVED;
constexpr BatonMemoryType kWriteCombining = BATON_MEMORY_FRAMEBUFFER;
constexpr BatonMemoryType kReadOnly = BATON_MEMORY_BAD;

DirectMapping mapping_of(const NormalisedRange& range) {
    return {.range = range.range,
            .access = range.type == kReadOnly ? Access::read_only : Access::read_write,
            .caching =
                range.type == kWriteCombining ? Caching::write_combining : Caching::write_back};
}

bool is_writable(Access access) {
    return access == Access::read_write || access == Access::kernel_demanded_write_execute;
}

} // namespace

uint64_t direct_map_bytes(std::size_t ranges, std::size_t page_runs, std::size_t framebuffers) {
    const std::size_t claims = ranges + page_runs + framebuffers;
    return Arena::bytes_for<TypedRange>(claims) + NormaliseRoom::bytes_needed(claims) +
           Arena::bytes_for<DirectMapping>(normalised_at_most(claims));
}

Result<std::span<DirectMapping>> plan_direct_map(std::span<const PhysRange> memory,
                                                 const LoadPlan& plan,
                                                 std::span<const BatonFramebuffer> framebuffers,
                                                 Arena& arena) {
    const std::size_t most = memory.size() + plan.page_runs.size() + framebuffers.size();
    const auto claims = arena.scratch<TypedRange>(most);
    const auto room = NormaliseRoom::create(arena, most);
    const auto mappings = arena.scratch<DirectMapping>(normalised_at_most(most));
    if (!claims || !room || !mappings)
        return fail(ErrorCode::out_of_memory, {most * sizeof(TypedRange), 1});

    std::size_t count = 0;
    for (const PhysRange& range : memory)
        (*claims)[count++] = {.range = range, .type = kReadWrite};
    for (const PageRun& run : plan.page_runs)
        if (!is_writable(run.access))
            (*claims)[count++] = {.range = {plan.physical(run.pages.base), run.pages.bytes},
                                  .type = kReadOnly};
    for (const BatonFramebuffer& framebuffer : framebuffers)
        (*claims)[count++] = {.range = {{framebuffer.base_physical}, framebuffer.bytes},
                              .type = kWriteCombining};

    const auto sorted = normalise(claims->first(count), *room);
    for (std::size_t i = 0; i < sorted.size(); ++i)
        (*mappings)[i] = mapping_of(sorted[i]);
    return mappings->first(sorted.size());
}

uint64_t physical_end(std::span<const DirectMapping> mappings) {
    return mappings.empty() ? 0 : mappings.back().range.end().value;
}

} // namespace baton

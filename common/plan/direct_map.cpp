// SPDX-License-Identifier: BSD-2-Clause
#include "plan/direct_map.hpp"

#include "memory/normalise.hpp"

namespace baton {
namespace {

// The normaliser sorts this out too; two of its types, of which the second wins, stand for the ways
// of caching.
constexpr BatonMemoryType kWriteBack = BATON_MEMORY_RESERVED;
constexpr BatonMemoryType kWriteCombining = BATON_MEMORY_FRAMEBUFFER;

} // namespace

uint64_t direct_map_bytes(std::size_t descriptors, std::size_t framebuffers) {
    const std::size_t claims = descriptors + framebuffers;
    return Arena::bytes_for<TypedRange>(claims) +
           Arena::bytes_for<RangeEdge>(edges_needed(claims)) +
           Arena::bytes_for<BatonMemoryRange>(normalised_at_most(claims)) +
           Arena::bytes_for<DirectMapping>(normalised_at_most(claims));
}

Result<std::span<DirectMapping>> plan_direct_map(const EfiMemoryMap& map,
                                                 std::span<const BatonFramebuffer> framebuffers,
                                                 Arena& arena) {
    const std::size_t most = map.size() + framebuffers.size();
    const auto claims = arena.array<TypedRange>(most);
    const auto edges = arena.array<RangeEdge>(edges_needed(most));
    const auto ranges = arena.array<BatonMemoryRange>(normalised_at_most(most));
    const auto mappings = arena.array<DirectMapping>(normalised_at_most(most));
    if (!claims || !edges || !ranges || !mappings)
        return fail(ErrorCode::out_of_memory,
                    {direct_map_bytes(map.size(), framebuffers.size()), 1});

    std::size_t count = 0;
    for (std::size_t i = 0; i < map.size(); ++i)
        if (efi_is_cacheable(map[i]))
            (*claims)[count++] = {efi_range(map[i]), kWriteBack};
    for (const BatonFramebuffer& framebuffer : framebuffers)
        (*claims)[count++] = {{{framebuffer.base_physical}, framebuffer.bytes}, kWriteCombining};

    const auto sorted = normalise(claims->first(count), *edges, *ranges);
    for (std::size_t i = 0; i < sorted.size(); ++i)
        (*mappings)[i] = {.range = {{sorted[i].base_physical}, sorted[i].bytes},
                          .caching = sorted[i].type == kWriteCombining ? Caching::write_combining
                                                                       : Caching::write_back};
    return mappings->first(sorted.size());
}

uint64_t physical_end(std::span<const DirectMapping> mappings) {
    return mappings.empty() ? 0 : mappings.back().range.end().value;
}

} // namespace baton

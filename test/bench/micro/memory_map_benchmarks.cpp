// SPDX-License-Identifier: BSD-2-Clause
//
// Memory maps of up to 100,000 entries.
#include "kernels.hpp"
#include "memory/normalise.hpp"
#include "plan/direct_map.hpp"
#include "support/random.hpp"
#include "tools/baton/heap_arena.hpp"

#include <vector>

namespace baton::bench {
namespace {

enum class Order { ascending, random, nested };

/// Above 4 GiB, by twos of one kind, as a firmware tells its pools: in the order of their
/// addresses, in none, or each around the next.
std::vector<TypedRange> memory_map(int64_t entries, Order order) {
    constexpr BatonMemoryType kTypes[] = {BATON_MEMORY_USABLE, BATON_MEMORY_LOADER_RECLAIMABLE,
                                          BATON_MEMORY_USABLE, BATON_MEMORY_RUNTIME_SERVICES,
                                          BATON_MEMORY_USABLE, BATON_MEMORY_RESERVED};
    const auto count = static_cast<uint64_t>(entries);
    std::vector<TypedRange> map(count);
    for (uint64_t i = 0; i < count; ++i) {
        const uint64_t pages = order == Order::nested ? 2 * (count - i) : 4;
        map[i] = {.range = {{4 * kGiB + i * 4 * kPageBytes}, pages * kPageBytes},
                  .type = kTypes[i / 2 % std::size(kTypes)]};
        if (order == Order::nested)
            map[i].range.base = {4 * kGiB + i * kPageBytes};
    }
    test::Random random(1);
    if (order == Order::random)
        random.shuffle(std::span(map));
    return map;
}

void normalise_map(benchmark::State& state, Order order) {
    const auto map = memory_map(state.range(0), order);
    HeapArena arena;
    const auto buffers = NormaliseBuffers::create(arena, map.size()).value();
    for ([[maybe_unused]] auto _ : state)
        benchmark::DoNotOptimize(normalise(map, buffers));
    state.SetComplexityN(state.range(0));
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

void plan_direct_map_of(benchmark::State& state, Order order) {
    std::vector<PhysRange> memory;
    for (const TypedRange& range : memory_map(state.range(0), order))
        memory.push_back(range.range);
    const LoadPlan plan{};
    const DirectMapParts parts{.memory = memory, .plan = plan, .framebuffers = {}};
    HeapArena arena;
    for ([[maybe_unused]] auto _ : state) {
        arena.clear();
        benchmark::DoNotOptimize(plan_direct_map(parts, arena));
    }
    state.SetComplexityN(state.range(0));
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

/// All of an ordinary kernel's handoff.
void handoff_with_map(benchmark::State& state, Order order) {
    Boot boot;
    boot.set_headers(ordinary_kernel(), kOrdinaryFileBytes);
    boot.platform().elsewhere = memory_map(state.range(0), order);
    boot.measure(state);
    state.SetComplexityN(state.range(0));
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

void sizes(benchmark::internal::Benchmark* benchmark) {
    benchmark->RangeMultiplier(10)
        ->Range(1000, 100'000)
        ->Complexity(benchmark::oNLogN)
        ->Unit(benchmark::kMicrosecond);
}
BENCHMARK_CAPTURE(normalise_map, ascending, Order::ascending)->Apply(sizes);
BENCHMARK_CAPTURE(normalise_map, random, Order::random)->Apply(sizes);
BENCHMARK_CAPTURE(normalise_map, nested, Order::nested)->Apply(sizes);
BENCHMARK_CAPTURE(plan_direct_map_of, ascending, Order::ascending)->Apply(sizes);
BENCHMARK_CAPTURE(plan_direct_map_of, random, Order::random)->Apply(sizes);
BENCHMARK_CAPTURE(handoff_with_map, ascending, Order::ascending)->Apply(sizes);
BENCHMARK_CAPTURE(handoff_with_map, random, Order::random)->Apply(sizes);

} // namespace
} // namespace baton::bench

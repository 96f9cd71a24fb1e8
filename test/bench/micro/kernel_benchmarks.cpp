// SPDX-License-Identifier: BSD-2-Clause
//
// Whole handoffs, by the kernel; and the parts of one.
#include "elf/image.hpp"
#include "kernels.hpp"
#include "paging/page_mapper.hpp"
#include "plan/address_space.hpp"
#include "plan/direct_map.hpp"
#include "table_frames.hpp"
#include "tools/baton/heap_arena.hpp"

namespace baton::bench {
namespace {

/// Everything from opening the file to the call of stage 2, but for the copy of the file's bytes.
void handoff_of_an_ordinary_kernel(benchmark::State& state) {
    Boot boot;
    boot.set_headers(ordinary_kernel(), kOrdinaryFileBytes);
    boot.measure(state);
}
BENCHMARK(handoff_of_an_ordinary_kernel)->Unit(benchmark::kMicrosecond);

/// The same with the copy.
void handoff_and_copy_of_an_ordinary_kernel(benchmark::State& state) {
    Boot boot;
    boot.set_file(ordinary_kernel().build(kOrdinaryFileBytes));
    boot.measure(state);
}
BENCHMARK(handoff_and_copy_of_an_ordinary_kernel)->Unit(benchmark::kMicrosecond);

void handoff_of_scattered_segments(benchmark::State& state) {
    Boot boot;
    const auto segments = static_cast<uint64_t>(state.range(0));
    boot.set_headers(scattered_kernel(segments), (segments + 1) * kPageBytes);
    boot.measure(state);
    state.SetComplexityN(state.range(0));
}
BENCHMARK(handoff_of_scattered_segments)
    ->Arg(100)
    ->RangeMultiplier(4)
    ->Range(1 << 8, 1 << 14)
    ->Complexity(benchmark::oNLogN)
    ->Unit(benchmark::kMicrosecond);

/// Arguments: bytes and alignment of the kernel, in KiB.
void handoff_of_a_large_kernel(benchmark::State& state) {
    Boot boot;
    const uint64_t bytes = static_cast<uint64_t>(state.range(0)) * kKiB;
    boot.set_headers(large_kernel(bytes, static_cast<uint64_t>(state.range(1)) * kKiB),
                     bytes + 4 * kLargePageBytes);
    boot.measure(state);
    state.counters["table_frames"] = static_cast<double>(boot.boot().tables.frames);
}
BENCHMARK(handoff_of_a_large_kernel)
    ->ArgNames({"KiB", "align"})
    ->ArgsProduct({{1 << 16, 1 << 20}, {4, 2048}})
    ->Unit(benchmark::kMicrosecond);

/// Just these of it: from the bytes of the headers to page tables with the kernel, all memory and
/// the stack.
void parse_plan_and_tables_of_an_ordinary_kernel(benchmark::State& state) {
    const test::Buffer file = ordinary_kernel().build(kOrdinaryFileBytes);
    const PhysRange memory[] = {{{0}, 0xa0000}, {{kMiB}, 2 * kGiB - kMiB}, {{4 * kGiB}, 6 * kGiB}};
    HeapArena arena;
    TableFrames frames(64);
    for ([[maybe_unused]] auto _ : state) {
        arena.clear();
        frames.restart();
        const auto image = elf::Image::parse(file);
        auto plan = plan_load(*image, {}, arena);
        plan->regions[0].physical = {kGiB}; // place() is a call of the firmware
        const auto direct_map =
            plan_direct_map({.memory = memory, .plan = *plan, .framebuffers = {}}, arena);
        const auto layout = plan_layout(*plan, {.physical_end = physical_end(*direct_map)});
        auto mapper = PageMapper::create(frames, {.huge_pages = true, .five_level = false});
        if (!map_address_space(*mapper, {.plan = *plan,
                                         .layout = *layout,
                                         .direct_map = *direct_map,
                                         .stack = {kMiB},
                                         .identity = {}}))
            return state.SkipWithError("not mapped");
        benchmark::DoNotOptimize(mapper->root());
    }
}
BENCHMARK(parse_plan_and_tables_of_an_ordinary_kernel)->Unit(benchmark::kMicrosecond);

} // namespace
} // namespace baton::bench

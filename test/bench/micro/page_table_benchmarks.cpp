// SPDX-License-Identifier: BSD-2-Clause
//
// What page tables cost: by the number of pages, and for machines of up to 4 TiB.
#include "kernels.hpp"
#include "paging/page_mapper.hpp"
#include "table_frames.hpp"
#include "tools/baton/default_machine.hpp"

namespace baton::bench {
namespace {

/// One mapping of so many pages, which begins where a larger page can't.
void map_pages(benchmark::State& state, uint64_t page_bytes) {
    const auto pages = static_cast<uint64_t>(state.range(0));
    TableFrames frames(pages / 512 + 16);
    for ([[maybe_unused]] auto _ : state) {
        frames.restart();
        auto mapper = PageMapper::create(frames, {.huge_pages = true, .five_level = false});
        if (!mapper->map({.virtual_base = {kKernelBase - pages * page_bytes},
                          .physical_base = {page_bytes},
                          .bytes = pages * page_bytes,
                          .access = Access::read_write}))
            return state.SkipWithError("not mapped");
    }
    state.SetComplexityN(state.range(0));
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK_CAPTURE(map_pages, of_4_KiB, kPageBytes)
    ->RangeMultiplier(8)
    ->Range(1 << 9, 1 << 18)
    ->Complexity(benchmark::oN)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(map_pages, of_2_MiB, kLargePageBytes)
    ->RangeMultiplier(8)
    ->Range(1 << 9, 1 << 18)
    ->Complexity(benchmark::oN)
    ->Unit(benchmark::kMicrosecond);

/// Frames of the tables of the kernel's own pages.
double frames_of_kernel(const LoadPlan& plan, bool huge_pages) {
    TableFrames frames(64);
    auto mapper = PageMapper::create(frames, {.huge_pages = huge_pages, .five_level = false});
    for (const PageRun& run : plan.page_runs)
        if (!mapper->map(
                {run.pages.base, plan.physical(run.pages.base), run.pages.bytes, run.access}))
            return 0;
    return static_cast<double>(mapper->table_frames());
}

/// The whole handoff of an ordinary kernel on a PC with so many GiB, the tables counted.
void page_tables_of_a_machine(benchmark::State& state, bool huge_pages) {
    Boot boot;
    boot.set_headers(ordinary_kernel(), kOrdinaryFileBytes);
    boot.platform().elsewhere =
        tool::q35_memory_map(static_cast<uint64_t>(state.range(0)) * kGiB / kMiB);
    boot.processor().huge_pages = huge_pages;
    boot.measure(state);
    const auto all = static_cast<double>(boot.boot().tables.frames);
    const double own = frames_of_kernel(boot.boot().kernel.plan, huge_pages);
    state.counters["frames"] = all;
    state.counters["beyond_kernel"] = all - own;
}
BENCHMARK_CAPTURE(page_tables_of_a_machine, with_2_MiB_pages, false)
    ->ArgName("GiB")
    ->Arg(1)
    ->Arg(4)
    ->Arg(64)
    ->Arg(1 << 10)
    ->Arg(4 << 10)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(page_tables_of_a_machine, with_1_GiB_pages, true)
    ->ArgName("GiB")
    ->Arg(1)
    ->Arg(4)
    ->Arg(64)
    ->Arg(1 << 10)
    ->Arg(4 << 10)
    ->Unit(benchmark::kMicrosecond);

} // namespace
} // namespace baton::bench

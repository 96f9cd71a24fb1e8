// SPDX-License-Identifier: BSD-2-Clause
#include "kernels.hpp"
#include "loading/relocate.hpp"

namespace baton::bench {
namespace {

/// relocate() alone, over a kernel in its frames.
void relocate_kernel(benchmark::State& state, RelocationTable table) {
    Boot boot;
    boot.set_file(relocated_kernel(table, static_cast<uint64_t>(state.range(0))));
    boot.run(state);
    for ([[maybe_unused]] auto _ : state) {
        const auto counts = relocate(boot.boot().kernel.plan, boot.platform().source);
        if (!counts || counts->rela + counts->relr != static_cast<uint64_t>(state.range(0)))
            return state.SkipWithError("not relocated");
    }
    state.SetComplexityN(state.range(0));
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK_CAPTURE(relocate_kernel, RELA, RelocationTable::rela)
    ->RangeMultiplier(10)
    ->Range(1000, 1'000'000)
    ->Complexity(benchmark::oN)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(relocate_kernel, RELR, RelocationTable::relr)
    ->RangeMultiplier(10)
    ->Range(1000, 1'000'000)
    ->Complexity(benchmark::oN)
    ->Unit(benchmark::kMicrosecond);

/// All of such a kernel's handoff, with the copy of its bytes.
void handoff_and_relocations(benchmark::State& state, RelocationTable table) {
    Boot boot;
    boot.set_file(relocated_kernel(table, static_cast<uint64_t>(state.range(0))));
    boot.measure(state);
}
BENCHMARK_CAPTURE(handoff_and_relocations, RELA, RelocationTable::rela)
    ->Arg(1'000'000)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(handoff_and_relocations, RELR, RelocationTable::relr)
    ->Arg(1'000'000)
    ->Unit(benchmark::kMicrosecond);

} // namespace
} // namespace baton::bench

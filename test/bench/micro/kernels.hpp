// SPDX-License-Identifier: BSD-2-Clause
//
// Kernels of all sizes, and the boot that they are measured in.
#pragma once

#include "boot/fake_boot.hpp"
#include "support/elf_builder.hpp"

#include <benchmark/benchmark.h>
#include <cstddef>
#include <cstdint>
#include <string>

namespace baton::bench {

inline constexpr uint64_t kKiB = uint64_t{1} << 10;
inline constexpr uint64_t kMiB = uint64_t{1} << 20;
inline constexpr uint64_t kGiB = uint64_t{1} << 30;
inline constexpr uint64_t kKernelBase = 0xffff'ffff'8000'0000;

/// Text, constants, data, and .bss: 2 MiB, of which the file has 1.75.
test::ElfBuilder ordinary_kernel();
inline constexpr uint64_t kOrdinaryFileBytes = 2 * kMiB;

/// Segments of a page each, with a page between them that isn't there.
test::ElfBuilder scattered_kernel(uint64_t segments);

/// Four segments of `bytes` in all, which begin at multiples of `alignment` and of no more.
test::ElfBuilder large_kernel(uint64_t bytes, uint64_t alignment);

enum class RelocationTable { rela, relr };
/// Position independent, with a relocation for each of `count` words one after the other; all of
/// its file.
test::Buffer relocated_kernel(RelocationTable table, uint64_t count);

/// A machine of 1.25 GiB and what `platform_.elsewhere` adds, which boots over and over again.
class Boot : public test::FakeBoot {
  public:
    Boot() : FakeBoot(kGiB + kGiB / 4) {}

    /// A file that is there as a whole.
    void set_file(test::Buffer file) { platform_.files["\\kernel"] = std::move(file); }
    /// A file of which no more than the headers is copied: reading the rest costs nothing, as with
    /// a device that writes to memory itself.
    void set_headers(const test::ElfBuilder& elf, uint64_t file_bytes) {
        set_file(elf.build());
        platform_.claimed_file_bytes = file_bytes;
    }

    /// One handoff from the beginning, up to where stage 2 would be called.
    void run(benchmark::State& state) {
        platform_.restart();
        if (const std::string outcome = try_boot(); handoff_ == nullptr)
            return state.SkipWithError(outcome.c_str());
        benchmark::DoNotOptimize(handoff_);
    }
    /// What is measured of most: that, again and again.
    void measure(benchmark::State& state) {
        for ([[maybe_unused]] auto _ : state)
            run(state);
    }

    test::FakePlatform& platform() { return platform_; }
    Processor& processor() { return processor_; }
    const PreparedBoot& boot() const { return *boot_; } // of the last run()
};

} // namespace baton::bench

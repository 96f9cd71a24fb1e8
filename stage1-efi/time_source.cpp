// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/time_source.hpp"

#include "cpu/instructions.hpp"
#include "stage1/processor.hpp"

#include <algorithm>

namespace baton {
namespace {

/// The shortest of several tries: whatever comes in between makes one longer.
uint64_t hz_from_stall(const efi::Firmware& firmware) {
    constexpr UINTN kStallMicroseconds = 250;
    constexpr unsigned kTries = 4;
    uint64_t shortest = ~uint64_t{0};
    for (unsigned i = 0; i < kTries; ++i) {
        const uint64_t start = cpu::read_tsc();
        firmware.boot()->Stall(kStallMicroseconds);
        shortest = std::min(shortest, cpu::read_tsc() - start);
    }
    return shortest * (1'000'000 / kStallMicroseconds);
}

} // namespace

uint64_t find_tsc_hz(const efi::Firmware& firmware) {
    const uint64_t hz = tsc_hz_from_cpuid();
    return hz != 0 ? hz : hz_from_stall(firmware);
}

} // namespace baton

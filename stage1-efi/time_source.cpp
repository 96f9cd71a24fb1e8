// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/time_source.hpp"

#include "stage1-efi/cpu.hpp"

#include <algorithm>

namespace baton {
namespace {

/// CPUID leaf 15h: Intel SDM 3B section 18.7.3. 0 where it doesn't say.
uint64_t hz_from_processor() {
    if (cpu::cpuid(0).eax < 0x15)
        return 0;
    const auto [denominator, numerator, crystal_hz, unused] = cpu::cpuid(0x15);
    if (denominator == 0 || numerator == 0)
        return 0;
    return uint64_t{crystal_hz} * numerator / denominator;
}

/// The leaf 40000010h on which KVM and VMware agree: EAX is the frequency in kHz. 0 where it
/// doesn't say.
uint64_t hz_from_hypervisor() {
    constexpr uint32_t kHypervisorPresent = 1u << 31; // CPUID 1 ECX
    if ((cpu::cpuid(1).ecx & kHypervisorPresent) == 0)
        return 0;
    const uint32_t last_leaf = cpu::cpuid(0x4000'0000).eax;
    if (last_leaf < 0x4000'0010 || last_leaf > 0x4000'ffff)
        return 0;
    return uint64_t{cpu::cpuid(0x4000'0010).eax} * 1000;
}

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
    if (const uint64_t hz = hz_from_processor(); hz != 0)
        return hz;
    if (const uint64_t hz = hz_from_hypervisor(); hz != 0)
        return hz;
    return hz_from_stall(firmware);
}

} // namespace baton

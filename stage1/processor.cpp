// SPDX-License-Identifier: BSD-2-Clause
#include "stage1/processor.hpp"

#include "cpu/features.hpp"
#include "cpu/instructions.hpp"
#include "plan/encrypted_guest.hpp"

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

} // namespace

const char* find_encrypted_guest() {
    return encrypted_guest(
        [](uint32_t leaf, uint32_t subleaf) {
            const auto [eax, ebx, ecx, edx] = cpu::cpuid(leaf, subleaf);
            return CpuidLeaf{eax, ebx, ecx, edx};
        },
        [](uint32_t index) { return cpu::read_msr(index); });
}

Processor read_processor() {
    return {.huge_pages = cpu::has_huge_pages(), .five_level_paging = cpu::has_five_level_paging()};
}

uint64_t tsc_hz_from_cpuid() {
    const uint64_t hz = hz_from_processor();
    return hz != 0 ? hz : hz_from_hypervisor();
}

} // namespace baton

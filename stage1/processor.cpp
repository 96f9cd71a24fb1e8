// SPDX-License-Identifier: BSD-2-Clause
#include "stage1/processor.hpp"

#include "cpu/features.hpp"
#include "cpu/instructions.hpp"
#include "plan/encrypted_guest.hpp"

namespace baton {
namespace {

// CPUID 1.
constexpr uint32_t kHasApic = 1 << 9;    // of EDX
constexpr uint32_t kHasX2apic = 1 << 21; // of ECX
constexpr uint32_t kTopology = 0xb;      // EDX: the id in 32 bits, where EBX is not 0

/// Of an APIC whose registers are in memory.
uint32_t apic_id() {
    if (cpu::cpuid(0).eax >= kTopology)
        if (const auto topology = cpu::cpuid(kTopology); topology.ebx != 0)
            return topology.edx;
    return cpu::cpuid(cpu::kCpuidFeatures).ebx >> 24;
}

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

LocalApic read_local_apic() {
    const auto features = cpu::cpuid(cpu::kCpuidFeatures);
    if ((features.edx & kHasApic) == 0)
        return {.id = apic_id()};
    const uint64_t base = cpu::read_msr(cpu::kMsrApicBase);
    const bool x2apic_is_on = (base & cpu::kApicBaseX2apic) != 0;
    return {.id =
                x2apic_is_on ? static_cast<uint32_t>(cpu::read_msr(cpu::kMsrX2apicId)) : apic_id(),
            .registers = {base & ~(kPageBytes - 1)},
            .is_on = (base & cpu::kApicBaseEnabled) != 0,
            .has_x2apic = (features.ecx & kHasX2apic) != 0,
            .x2apic_is_on = x2apic_is_on};
}

Processor read_processor() {
    return {.huge_pages = cpu::has_huge_pages(),
            .five_level_paging = cpu::has_five_level_paging(),
            .apic = read_local_apic()};
}

uint64_t tsc_hz_from_cpuid() {
    const uint64_t hz = hz_from_processor();
    return hz != 0 ? hz : hz_from_hypervisor();
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
#include "stage1/processor_facts.hpp"

#include "cpu/constants.hpp"
#include "cpu/features.hpp"
#include "cpu/instructions.hpp"
#include "cpu/mtrr.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>

namespace baton {
namespace {

// MSR numbers: Intel SDM 4 table 2-2; SVM's: AMD APM 2 appendix A.
constexpr uint32_t kFeatureControl = 0x3a;
constexpr uint32_t kVmxBasic = 0x480;
constexpr uint32_t kVmCr = 0xc001'0114;

constexpr bool bit(uint64_t value, unsigned number) {
    return (value >> number & 1) != 0;
}

void read_mtrrs(BatonFirmwareState& state) {
    if (!cpu::has_mtrrs())
        return;
    state.mtrr_cap = cpu::read_msr(cpu::kMsrMtrrCap);
    state.mtrr_def_type = cpu::read_msr(cpu::kMsrMtrrType);
    if ((state.mtrr_cap & cpu::kMtrrHasFixed) != 0)
        for (std::size_t i = 0; i < std::size(cpu::kMsrMtrrFixed); ++i)
            state.mtrr_fixed[i] = cpu::read_msr(cpu::kMsrMtrrFixed[i]);
    state.mtrr_variable_count = static_cast<uint32_t>(
        std::min<uint64_t>(state.mtrr_cap & cpu::kMtrrVariableCount, std::size(state.mtrr_base)));
    for (uint32_t i = 0; i < state.mtrr_variable_count; ++i) {
        state.mtrr_base[i] = cpu::read_msr(cpu::kMsrMtrrBase + 2 * i);
        state.mtrr_mask[i] = cpu::read_msr(cpu::kMsrMtrrBase + 2 * i + 1);
    }
}

void read_svm(BatonVirtualization& facts) {
    if (cpu::cpuid(0x8000'0000).eax < 0x8000'000a || !bit(cpu::cpuid(0x8000'0001).ecx, 2))
        return;
    const cpu::CpuidResult svm = cpu::cpuid(0x8000'000a);
    facts.flags |= BATON_VIRTUALIZATION_SVM;
    facts.svm_revision = svm.eax;
    facts.svm_asids = svm.ebx;
    facts.svm_features = svm.edx;
    facts.svm_vm_cr = cpu::read_msr(kVmCr);
    if (bit(facts.svm_vm_cr, 4)) // SVMDIS
        facts.flags |= BATON_VIRTUALIZATION_DISABLED;
}

void read_vmx(BatonVirtualization& facts) {
    if (!bit(cpu::cpuid(1).ecx, 5))
        return;
    facts.flags |= BATON_VIRTUALIZATION_VMX;
    facts.vmx_feature_control = cpu::read_msr(kFeatureControl);
    if (bit(facts.vmx_feature_control, 0) &&
        !bit(facts.vmx_feature_control, 2)) // locked without VMX
        facts.flags |= BATON_VIRTUALIZATION_DISABLED;
    facts.vmx_basic = cpu::read_msr(kVmxBasic);
    facts.vmx_cr0_fixed0 = cpu::read_msr(0x486);
    facts.vmx_cr0_fixed1 = cpu::read_msr(0x487);
    facts.vmx_cr4_fixed0 = cpu::read_msr(0x488);
    facts.vmx_cr4_fixed1 = cpu::read_msr(0x489);
    // IA32_VMX_EPT_VPID_CAP is there where secondary controls with EPT or VPID are.
    const uint64_t primary = cpu::read_msr(0x482);
    const uint64_t secondary = bit(primary, 63) ? cpu::read_msr(0x48b) : 0;
    if (bit(secondary, 33) || bit(secondary, 37))
        facts.vmx_ept_vpid_cap = cpu::read_msr(0x48c);
}

} // namespace

BatonFirmwareState read_firmware_state() {
    BatonFirmwareState state{};
    state.cr0 = cpu::read_cr0();
    state.cr3 = cpu::read_cr3();
    state.cr4 = cpu::read_cr4();
    state.efer = cpu::read_msr(cpu::kMsrEfer);
    if (bit(cpu::cpuid(1).edx, 16)) // PAT
        state.pat = cpu::read_msr(cpu::kMsrPat);
    read_mtrrs(state);
    return state;
}

BatonVirtualization read_virtualization() {
    BatonVirtualization facts{};
    if (bit(cpu::cpuid(1).ecx, 31)) {
        facts.flags |= BATON_VIRTUALIZATION_GUEST;
        const cpu::CpuidResult vendor = cpu::cpuid(0x4000'0000);
        const uint32_t parts[] = {vendor.ebx, vendor.ecx, vendor.edx};
        std::memcpy(facts.hypervisor, parts, sizeof parts);
    }
    read_svm(facts);
    read_vmx(facts);
    return facts;
}

} // namespace baton

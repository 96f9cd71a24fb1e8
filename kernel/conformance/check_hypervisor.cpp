// SPDX-License-Identifier: BSD-2-Clause
//
// H: what a hypervisor needs to go on with the firmware's world as its first guest.
#include "context.hpp"
#include "processor.hpp"

namespace conformance {
namespace {

constexpr uint32_t kCpuidMtrr = 1u << 12;       // CPUID 1 EDX
constexpr uint32_t kCpuidVmx = 1u << 5;         // CPUID 1 ECX
constexpr uint32_t kCpuidHypervisor = 1u << 31; // CPUID 1 ECX
constexpr uint32_t kCpuidSvm = 1u << 2;         // CPUID 80000001h ECX
constexpr uint64_t kCr4La57 = 1u << 12;
constexpr uint64_t kCr0PagingAndProtection = 1u << 31 | 1u << 0;
constexpr uint64_t kEferLongMode = 1u << 10 | 1u << 8;

PageTables firmware_tables(const Context& context) {
    const unsigned levels = (context.info.firmware_state.cr4 & kCr4La57) != 0 ? 5 : 4;
    return {context.info.firmware_cr3, levels, context.info.direct_map_base};
}

/// Whether the kernel can read a page table at its place in the direct map.
bool is_readable(const Context& context, uint64_t table) {
    return !context.at_physical(table, kPageBytes).empty();
}

void check_firmware_tables(Verdict& verdict, const Context& context) {
    verdict.expect(context.info.firmware_cr3 != 0 && context.info.firmware_cr3 / kPageBytes !=
                                                         context.info.kernel_cr3 / kPageBytes,
                   "page tables of its own", context.info.firmware_cr3);
    firmware_tables(context).for_each_table([&](uint64_t table) {
        const BatonMemoryRange* range = context.range_of(table);
        verdict.expect(range != nullptr && range->type != BATON_MEMORY_USABLE,
                       "its page tables not usable", table);
        verdict.expect(is_readable(context, table), "its page tables in the direct map", table);
        return is_readable(context, table);
    });
}

/// UEFI 2.10 section 2.3.4: memory is identity-mapped.
void check_firmware_mapping(Verdict& verdict, const Context& context) {
    bool is_walkable = true;
    firmware_tables(context).for_each_table([&](uint64_t table) {
        is_walkable = is_walkable && is_readable(context, table);
        return is_walkable;
    });
    verdict.expect(is_walkable, "page tables in the direct map", context.info.firmware_cr3);
    if (!is_walkable)
        return;
    for (const BatonMemoryRange& range : context.view().memory_map()) {
        if (range.type != BATON_MEMORY_USABLE && range.type != BATON_MEMORY_LOADER_RECLAIMABLE)
            continue;
        const uint64_t at = range.base_physical == 0 ? kPageBytes : range.base_physical;
        const Leaf leaf = firmware_tables(context).translate(at);
        verdict.expect(leaf.present && leaf.physical == at, "an identity mapping", at);
    }
}

void check_registers(Verdict& verdict, const Context& context) {
    const BatonFirmwareState& state = context.info.firmware_state;
    verdict.equal("cr3", context.info.firmware_cr3, state.cr3);
    verdict.equal("cr0: PG PE", kCr0PagingAndProtection, state.cr0 & kCr0PagingAndProtection);
    verdict.equal("efer: LMA LME", kEferLongMode, state.efer & kEferLongMode);
    verdict.expect((state.cr4 & 1u << 5) != 0, "cr4: PAE", state.cr4);
    verdict.expect(state.pat != 0, "a PAT", state.pat);
}

/// The loader changes no MTRR: they are what they were.
void check_mtrrs(Verdict& verdict, const Context& context) {
    const BatonFirmwareState& state = context.info.firmware_state;
    if ((cpuid(1).edx & kCpuidMtrr) == 0) {
        verdict.equal("mtrr_cap", 0, state.mtrr_cap);
        return verdict.absent("mtrr");
    }
    const uint64_t cap = read_msr(kMsrMtrrCap);
    verdict.equal("mtrr_cap", cap, state.mtrr_cap);
    verdict.equal("mtrr_def_type", read_msr(kMsrMtrrDefType), state.mtrr_def_type);
    const uint32_t count = (cap & 0xff) < 16 ? static_cast<uint32_t>(cap & 0xff) : 16;
    verdict.equal("mtrr_variable_count", count, state.mtrr_variable_count);
    for (uint32_t i = 0; i < count; ++i) {
        verdict.equal("mtrr_base", read_msr(0x200 + 2 * i), state.mtrr_base[i]);
        verdict.equal("mtrr_mask", read_msr(0x201 + 2 * i), state.mtrr_mask[i]);
    }
    if ((cap & 0x100) == 0) // no fixed-range registers
        return;
    constexpr uint32_t kFixed[11] = {0x250, 0x258, 0x259, 0x268, 0x269, 0x26a,
                                     0x26b, 0x26c, 0x26d, 0x26e, 0x26f};
    for (unsigned i = 0; i < 11; ++i)
        verdict.equal("mtrr_fixed", read_msr(kFixed[i]), state.mtrr_fixed[i]);
}

void check_flags(Verdict& verdict, const Context& context) {
    const uint32_t flags = context.info.virtualization.flags;
    const bool has_svm =
        cpuid(0x8000'0000).eax >= 0x8000'000a && (cpuid(0x8000'0001).ecx & kCpuidSvm) != 0;
    verdict.equal("SVM", has_svm, (flags & BATON_VIRTUALIZATION_SVM) != 0);
    verdict.equal("VMX", (cpuid(1).ecx & kCpuidVmx) != 0, (flags & BATON_VIRTUALIZATION_VMX) != 0);
    verdict.equal("GUEST", (cpuid(1).ecx & kCpuidHypervisor) != 0,
                  (flags & BATON_VIRTUALIZATION_GUEST) != 0);
}

void check_svm(Verdict& verdict, const Context& context) {
    const BatonVirtualization& found = context.info.virtualization;
    if ((found.flags & BATON_VIRTUALIZATION_SVM) == 0) {
        verdict.equal("svm_revision", 0, found.svm_revision);
        verdict.equal("svm_asids", 0, found.svm_asids);
        verdict.equal("svm_features", 0, found.svm_features);
        verdict.equal("svm_vm_cr", 0, found.svm_vm_cr);
        return verdict.absent("svm");
    }
    constexpr uint32_t kMsrVmCr = 0xc001'0114;
    const Cpuid leaf = cpuid(0x8000'000a);
    verdict.equal("svm_revision", leaf.eax, found.svm_revision);
    verdict.equal("svm_asids", leaf.ebx, found.svm_asids);
    verdict.equal("svm_features", leaf.edx, found.svm_features);
    verdict.equal("svm_vm_cr", read_msr(kMsrVmCr), found.svm_vm_cr);
}

void check_vmx(Verdict& verdict, const Context& context) {
    const BatonVirtualization& found = context.info.virtualization;
    if ((found.flags & BATON_VIRTUALIZATION_VMX) == 0) {
        verdict.equal("vmx_feature_control", 0, found.vmx_feature_control);
        verdict.equal("vmx_basic", 0, found.vmx_basic);
        verdict.equal("vmx_cr0_fixed1", 0, found.vmx_cr0_fixed1);
        verdict.equal("vmx_cr4_fixed1", 0, found.vmx_cr4_fixed1);
        return verdict.absent("vmx");
    }
    verdict.equal("vmx_feature_control", read_msr(0x3a), found.vmx_feature_control);
    verdict.equal("vmx_basic", read_msr(0x480), found.vmx_basic);
    verdict.equal("vmx_cr0_fixed0", read_msr(0x486), found.vmx_cr0_fixed0);
    verdict.equal("vmx_cr0_fixed1", read_msr(0x487), found.vmx_cr0_fixed1);
    verdict.equal("vmx_cr4_fixed0", read_msr(0x488), found.vmx_cr4_fixed0);
    verdict.equal("vmx_cr4_fixed1", read_msr(0x489), found.vmx_cr4_fixed1);
}

void check_hypervisor_name(Verdict& verdict, const Context& context) {
    const BatonVirtualization& found = context.info.virtualization;
    uint32_t words[4] = {};
    if ((cpuid(1).ecx & kCpuidHypervisor) != 0) {
        const Cpuid leaf = cpuid(0x4000'0000);
        words[0] = leaf.ebx;
        words[1] = leaf.ecx;
        words[2] = leaf.edx;
    } else {
        verdict.absent("hypervisor");
    }
    const auto* name = reinterpret_cast<const char*>(words);
    for (unsigned i = 0; i < sizeof found.hypervisor; ++i)
        verdict.equal("a character", static_cast<uint8_t>(name[i]),
                      static_cast<uint8_t>(found.hypervisor[i]));
}

constexpr Promise kPromises[] = {
    {"V1", "the firmware's page tables are kept", check_firmware_tables},
    {"V2", "the firmware's page tables still map memory", check_firmware_mapping},
    {"V3", "firmware_state has the registers of a UEFI processor", check_registers},
    {"V4", "firmware_state has the MTRRs, which are unchanged", check_mtrrs},
    {"V5", "virtualization.flags are what CPUID says", check_flags},
    {"V6", "the SVM fields are what the processor says", check_svm},
    {"V7", "the VMX fields are what the processor says", check_vmx},
    {"V8", "hypervisor is its name", check_hypervisor_name},
};

} // namespace

std::span<const Promise> hypervisor_promises() {
    return kPromises;
}

} // namespace conformance

// SPDX-License-Identifier: BSD-2-Clause
//
// X: what the test says of this boot beforehand (expectations.hpp).
#include "context.hpp"
#include "own_image.hpp"
#include "processor.hpp"

namespace conformance {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

struct Feature {
    std::string_view name;
    uint64_t (*count)(const Context&);
    uint64_t tolerance = 0; // how much less than expected is enough
};

template<uint64_t kFlag>
uint64_t flag(const Context& context) {
    return context.has_flag(kFlag) ? 1 : 0;
}

/// MiB of memory that the firmware gives away or keeps, framebuffers not among it.
uint64_t memory_mib(const Context& context) {
    uint64_t bytes = 0;
    for (const BatonMemoryRange& range : context.view().memory_map())
        if (range.type <= BATON_MEMORY_RUNTIME_SERVICES)
            bytes += range.bytes;
    return bytes / kMiB;
}

template<uint32_t kKind>
uint64_t boot_device(const Context& context) {
    return context.info.boot_device.kind == kKind ? 1 : 0;
}

template<BatonBootPath kPath>
uint64_t boot_path(const Context& context) {
    return context.info.boot_path == kPath ? 1 : 0;
}

template<BatonSecureBoot kState>
uint64_t secure_boot(const Context& context) {
    return context.info.secure_boot == kState ? 1 : 0;
}

constexpr Feature kFeatures[] = {
    {"acpi", [](const Context& c) -> uint64_t { return c.info.rsdp_physical; }},
    {"boot-device", [](const Context& c) -> uint64_t { return c.info.boot_device.kind; }},
    {"build-id", [](const Context& c) -> uint64_t { return c.info.build_id_bytes; }},
    {"bundle",
     [](const Context& c) -> uint64_t { return c.info.trust_flags & BATON_TRUST_BUNDLE; }},
    {"by-linux", boot_path<BATON_BOOT_PATH_LINUX>},
    {"by-multiboot2", boot_path<BATON_BOOT_PATH_MULTIBOOT2>},
    {"by-pvh", boot_path<BATON_BOOT_PATH_PVH>},
    {"by-uefi", boot_path<BATON_BOOT_PATH_UEFI>},
    {"clock", [](const Context& c) -> uint64_t { return c.info.unix_time_seconds != 0; }},
    {"edid",
     [](const Context& c) -> uint64_t {
         return c.info.framebuffer_count == 0 ? 0 : c.view().framebuffers()[0].edid_bytes;
     }},
    {"event-log", [](const Context& c) -> uint64_t { return c.info.event_log_bytes; }},
    {"framebuffer", [](const Context& c) -> uint64_t { return c.info.framebuffer_count; }},
    {"gpt", boot_device<BATON_BOOT_DEVICE_GPT>},
    {"height",
     [](const Context& c) -> uint64_t {
         return c.info.framebuffer_count == 0 ? 0 : c.view().framebuffers()[0].height_pixels;
     }},
    {"hypervisor",
     [](const Context& c) -> uint64_t {
         return c.info.virtualization.flags & BATON_VIRTUALIZATION_GUEST;
     }},
    {"identity-mappings",
     [](const Context& c) -> uint64_t { return c.info.identity_mapping_count; }},
    {"kaslr", flag<BATON_FLAG_KASLR>},
    {"kernel-file", [](const Context& c) -> uint64_t { return c.info.kernel_file; }},
    {"la57", flag<BATON_FLAG_5_LEVEL>},
    {"log", [](const Context& c) -> uint64_t { return c.info.log_bytes; }},
    {"mbr", boot_device<BATON_BOOT_DEVICE_MBR>},
    {"measured",
     [](const Context& c) -> uint64_t { return c.info.trust_flags & BATON_TRUST_MEASURED; }},
    {"memory", memory_mib, 4}, // in MiB; firmware hides a little for itself
    {"modes",
     [](const Context& c) -> uint64_t {
         return c.info.framebuffer_count == 0 ? 0 : c.view().framebuffers()[0].mode_count;
     }},
    {"modules", [](const Context& c) -> uint64_t { return c.info.module_count; }},
    {"mtrr", [](const Context& c) -> uint64_t { return c.info.firmware_state.mtrr_cap; }},
    {"network", boot_device<BATON_BOOT_DEVICE_NETWORK>},
    {"pie", [](const Context&) -> uint64_t { return own_image::is_position_independent(); }},
    {"online",
     [](const Context& c) -> uint64_t {
         uint64_t count = 0;
         for (const BatonProcessor& processor : c.view().processors())
             count += processor.state == BATON_PROCESSOR_ONLINE ? 1 : 0;
         return count;
     }},
    {"previous-boot", [](const Context& c) -> uint64_t { return c.info.previous_boot.state; }},
    {"processors", [](const Context& c) -> uint64_t { return c.info.processor_count; }},
    {"relro",
     [](const Context&) -> uint64_t {
         return own_image::segment_of_type(elf::PT_GNU_RELRO).has_value();
     }},
    {"enforced",
     [](const Context& c) -> uint64_t { return c.info.trust_flags & BATON_TRUST_ENFORCED; }},
    {"runtime-map", flag<BATON_FLAG_RUNTIME_MAPPED>},
    {"runtime-variables", flag<BATON_FLAG_RUNTIME_MAPPED>}, // and D13 is not skipped
    {"secure-boot", secure_boot<BATON_SECURE_BOOT_ON>},
    {"secure-boot-off", secure_boot<BATON_SECURE_BOOT_OFF>},
    {"secure-boot-setup", secure_boot<BATON_SECURE_BOOT_SETUP>},
    {"seed-firmware", flag<BATON_FLAG_SEED_FROM_FIRMWARE>},
    {"seed-processor", flag<BATON_FLAG_SEED_FROM_PROCESSOR>},
    {"smbios",
     [](const Context& c) -> uint64_t { return c.info.smbios_physical | c.info.smbios3_physical; }},
    {"stack-executable-wanted", flag<BATON_FLAG_STACK_EXECUTABLE_WANTED>},
    {"svm",
     [](const Context& c) -> uint64_t {
         return c.info.virtualization.flags & BATON_VIRTUALIZATION_SVM;
     }},
    {"symbols", [](const Context& c) -> uint64_t { return c.info.kernel_symbols_bytes; }},
    {"tls", [](const Context& c) -> uint64_t { return c.info.tls.memory_bytes; }},
    {"tsc-hz", [](const Context& c) -> uint64_t { return c.info.tsc_hz; }},
    {"shim",
     [](const Context& c) -> uint64_t { return c.info.verified_by == BATON_VERIFIED_BY_SHIM; }},
    {"uefi", [](const Context& c) -> uint64_t { return c.info.firmware_memory_map_bytes; }},
    {"vmx",
     [](const Context& c) -> uint64_t {
         return c.info.virtualization.flags & BATON_VIRTUALIZATION_VMX;
     }},
    {"watchdog", [](const Context& c) -> uint64_t { return c.info.watchdog_seconds; }},
    {"whole-disk", boot_device<BATON_BOOT_DEVICE_WHOLE>},
    {"width",
     [](const Context& c) -> uint64_t {
         return c.info.framebuffer_count == 0 ? 0 : c.view().framebuffers()[0].width_pixels;
     }},
    {"x2apic",
     [](const Context& c) -> uint64_t { return c.info.processor_flags & BATON_PROCESSORS_X2APIC; }},
    {"wx", flag<BATON_FLAG_WRITE_EXECUTE>},
};

void expect_feature(Verdict& verdict, const Context& context, const Expectation& expectation) {
    for (const Feature& feature : kFeatures) {
        if (feature.name != expectation.name)
            continue;
        const uint64_t found = feature.count(context);
        if (!expectation.is_met_by(found, feature.tolerance))
            verdict.equal(feature.name, expectation.count.value_or(expectation.absent ? 0 : 1),
                          found);
        return;
    }
    verdict.expect(false, "the name of a feature");
}

void check_expectations(Verdict& verdict, const Context& context) {
    bool is_any = false;
    context.expectations.for_each([&](const Expectation& expectation) {
        is_any = true;
        expect_feature(verdict, context, expectation);
    });
    if (!is_any)
        verdict.absent("expect= in the command line");
}

constexpr Promise kPromises[] = {
    {"X1", "the features that the test expects are there", check_expectations},
};

} // namespace

std::span<const Promise> expectation_promises() {
    return kPromises;
}

} // namespace conformance

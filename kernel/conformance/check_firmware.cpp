// SPDX-License-Identifier: BSD-2-Clause
//
// D, the end: the firmware's tables.
#include "context.hpp"
#include "efi.hpp"

namespace conformance {
namespace {

/// Whether the bytes begin with `text`.
bool begins_with(std::span<const uint8_t> bytes, std::string_view text) {
    if (bytes.size() < text.size())
        return false;
    for (size_t i = 0; i < text.size(); ++i)
        if (bytes[i] != static_cast<uint8_t>(text[i]))
            return false;
    return true;
}

uint8_t sum_of(std::span<const uint8_t> bytes) {
    uint8_t sum = 0;
    for (const uint8_t byte : bytes)
        sum = static_cast<uint8_t>(sum + byte);
    return sum;
}

/// ACPI 6.5 section 5.2.5.3: 20 bytes in revision 0; the length is in bytes 20 to 23 from revision
/// 2 on.
void check_rsdp(Verdict& verdict, const Context& context) {
    const uint64_t physical = context.info.rsdp_physical;
    if (physical == 0)
        return verdict.absent("acpi");
    const auto rsdp = context.at_physical(physical, 20);
    verdict.expect(begins_with(rsdp, "RSD PTR "), "\"RSD PTR \"", physical);
    if (verdict.is_broken())
        return;
    verdict.equal("sum of 20 bytes", 0, sum_of(rsdp));
    if (rsdp[15] < 2)
        return;
    const auto extended = context.at_physical(physical, 36);
    verdict.equal("sum of 36 bytes", 0, sum_of(extended));
}

/// The entry point's length is at `length_at`, and its bytes sum up to 0 (SMBIOS 3.6 section 5.2).
void expect_entry_point(Verdict& verdict, const Context& context, uint64_t physical,
                        std::string_view anchor, unsigned length_at) {
    if (physical == 0)
        return;
    const auto head = context.at_physical(physical, 24);
    verdict.expect(begins_with(head, anchor), anchor, physical);
    if (!verdict.is_broken())
        verdict.equal("sum of an entry point", 0,
                      sum_of(context.at_physical(physical, head[length_at])));
}

void check_smbios(Verdict& verdict, const Context& context) {
    const BatonBootInfo& info = context.info;
    if (info.smbios_physical == 0 && info.smbios3_physical == 0)
        return verdict.absent("smbios");
    expect_entry_point(verdict, context, info.smbios_physical, "_SM_", 5);
    expect_entry_point(verdict, context, info.smbios3_physical, "_SM3_", 6);
}

const efi::SystemTable* system_table(const Context& context) {
    const auto bytes =
        context.at_physical(context.info.efi_system_table_physical, sizeof(efi::SystemTable));
    return bytes.empty() ? nullptr : reinterpret_cast<const efi::SystemTable*>(bytes.data());
}

void check_system_table(Verdict& verdict, const Context& context) {
    const uint64_t physical = context.info.efi_system_table_physical;
    if (physical == 0)
        return verdict.absent("uefi");
    const efi::SystemTable* table = system_table(context);
    verdict.expect(table != nullptr, "in the direct map", physical);
    if (table == nullptr)
        return;
    verdict.equal("signature", efi::kSystemTableSignature, table->signature);
    verdict.equal("boot services", 0, table->boot_services);
    verdict.expect(table->runtime_services != 0, "runtime services", physical);
    verdict.expect(context.is_all(physical, sizeof *table, BATON_MEMORY_RUNTIME_SERVICES),
                   "memory of runtime services", physical);
    verdict.equal("uefi_revision", table->revision, context.info.uefi_revision);
    verdict.equal("firmware_revision", table->firmware_revision, context.info.firmware_revision);
}

void check_boot_path(Verdict& verdict, const Context& context) {
    const BatonBootInfo& info = context.info;
    verdict.expect(info.boot_path >= BATON_BOOT_PATH_UEFI &&
                       info.boot_path <= BATON_BOOT_PATH_LINUX,
                   "a known boot_path", info.boot_path);
    verdict.expect(info.secure_boot <= BATON_SECURE_BOOT_SETUP, "a known secure_boot",
                   info.secure_boot);
    if (info.boot_path == BATON_BOOT_PATH_UEFI)
        verdict.expect(info.efi_system_table_physical != 0, "a system table");
    if (info.efi_system_table_physical == 0)
        return;
    verdict.expect(!context.text_at(info.firmware_vendor).empty(), "a firmware_vendor");
    verdict.expect(info.firmware_memory_map != 0, "a firmware memory map");
    verdict.expect(info.uefi_revision >= 0x0002'0000, "UEFI 2.0 or later", info.uefi_revision);
}

/// In the direct map, once SetVirtualAddressMap was called for it; else null.
const efi::RuntimeServices* runtime_services(const Context& context) {
    const efi::SystemTable* table = system_table(context);
    const bool is_mapped =
        context.has_flag(BATON_FLAG_RUNTIME_MAPPED) && table != nullptr &&
        context.is_in_direct_map(table->runtime_services, sizeof(efi::RuntimeServices));
    return is_mapped ? reinterpret_cast<const efi::RuntimeServices*>(table->runtime_services)
                     : nullptr;
}

/// This kernel's variable, kept by the firmware.
class Variable {
  public:
    using Value = uint64_t;

    explicit Variable(const efi::RuntimeServices& services) : services_(services) {}

    /// Of 0 bytes: it is deleted.
    efi::Status set(const Value& value, uint64_t bytes = sizeof(Value)) const {
        constexpr uint32_t kAttributes = 7; // non-volatile, boot services, runtime services
        return services_.set_variable(kName, &kVendor, kAttributes, bytes, &value);
    }
    efi::Status get(Value& value) const {
        uint64_t bytes = sizeof value;
        return services_.get_variable(kName, &kVendor, nullptr, &bytes, &value);
    }

  private:
    static constexpr char16_t kName[] = u"BatonConformance";
    static constexpr BatonGuid kVendor = {{0x25, 0x9e, 0x4b, 0x0b, 0x6c, 0x55, 0x4d, 0x4f, 0xa8,
                                           0x1d, 0x31, 0xf2, 0x77, 0x5c, 0x90, 0xe6}};
    const efi::RuntimeServices& services_;
};

/// SetVirtualAddressMap was called for the direct map: there the tables' pointers lead.
void check_runtime_map(Verdict& verdict, const Context& context) {
    if (!context.has_flag(BATON_FLAG_RUNTIME_MAPPED))
        return verdict.absent("runtime-map");
    const efi::RuntimeServices* services = runtime_services(context);
    verdict.expect(services != nullptr, "runtime services at their address in the direct map");
    if (services == nullptr)
        return;
    efi::Time time{};
    const efi::Status status = services->get_time(&time, nullptr);
    verdict.expect(status == efi::kUnsupported || (status == efi::kSuccess && time.year >= 1970),
                   "GetTime", status);
}

/// Firmware may say that it can't, but not fault.
void check_runtime_variables(Verdict& verdict, const Context& context) {
    const efi::RuntimeServices* services = runtime_services(context);
    if (services == nullptr)
        return verdict.absent("runtime-map");
    const Variable variable(*services);
    const Variable::Value value = __builtin_ia32_rdtsc();
    const efi::Status set = variable.set(value);
    if (set == efi::kUnsupported)
        return verdict.absent("runtime-variables");
    verdict.equal("SetVariable", efi::kSuccess, set);
    Variable::Value read = ~value;
    verdict.equal("GetVariable", efi::kSuccess, variable.get(read));
    verdict.equal("the variable", value, read);
    verdict.equal("SetVariable that deletes", efi::kSuccess, variable.set(value, 0));
    verdict.equal("GetVariable after that", efi::kNotFound, variable.get(read));
}

/// The firmware may have been given the direct map's addresses.
uint64_t to_physical(const Context& context, uint64_t address) {
    return context.is_in_direct_map(address, 1) ? address - context.info.direct_map_base : address;
}

void check_configuration_tables(Verdict& verdict, const Context& context) {
    if (context.info.efi_system_table_physical == 0)
        return verdict.absent("uefi");
    const efi::SystemTable* system = system_table(context);
    verdict.expect(system != nullptr, "a system table");
    if (system == nullptr)
        return;
    const auto bytes = context.at_physical(to_physical(context, system->tables),
                                           system->table_count * sizeof(efi::ConfigurationTable));
    verdict.expect(!bytes.empty(), "a list of tables", system->tables);
    for (uint64_t at = 0; at < bytes.size(); at += sizeof(efi::ConfigurationTable)) {
        const auto& entry = *reinterpret_cast<const efi::ConfigurationTable*>(&bytes[at]);
        const BatonMemoryRange* range = context.range_of(to_physical(context, entry.table));
        verdict.expect(range == nullptr || range->type != BATON_MEMORY_USABLE,
                       "a table in memory that is not usable", entry.table);
    }
}

constexpr Promise kPromises[] = {
    {"D8", "rsdp_physical leads to the ACPI root", check_rsdp},
    {"D9", "smbios_physical and smbios3_physical lead to entry points", check_smbios},
    {"D10", "efi_system_table_physical leads to it, without boot services", check_system_table},
    {"D11", "boot_path and secure_boot are known, and go with the rest", check_boot_path},
    {"D12", "runtime services can be called in the direct map", check_runtime_map},
    {"D13", "a variable that they set can be read again", check_runtime_variables},
    {"D14", "no table that the system table leads to is in usable memory",
     check_configuration_tables},
};

} // namespace

std::span<const Promise> firmware_promises() {
    return kPromises;
}

} // namespace conformance

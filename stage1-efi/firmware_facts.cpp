// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/firmware_facts.hpp"

#include "core/calendar.hpp"
#include "cpu/instructions.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <span>

namespace baton {
namespace {

constexpr EFI_GUID kAcpi10Guid = ACPI_TABLE_GUID;
constexpr EFI_GUID kAcpi20Guid = ACPI_20_TABLE_GUID;
constexpr EFI_GUID kSmbiosGuid = SMBIOS_TABLE_GUID;
constexpr EFI_GUID kSmbios3Guid = {
    0xf2fd1544, 0x9794, 0x4a2c, {0x99, 0x2e, 0xe5, 0xbb, 0xcf, 0x20, 0xe3, 0x94}};
constexpr EFI_GUID kRuntimePropertiesGuid = {
    0xeb66918a, 0x7eef, 0x402a, {0x84, 0x2e, 0x93, 0x1d, 0x21, 0xc3, 0x8a, 0xe9}};
constexpr EFI_GUID kMemoryAttributesGuid = {
    0xdcfa911d, 0x26eb, 0x469f, {0xa2, 0x20, 0x38, 0xb7, 0xdc, 0x46, 0x12, 0x20}};
constexpr EFI_GUID kGlobalVariableGuid = EFI_GLOBAL_VARIABLE;

bool same(const EFI_GUID& a, const EFI_GUID& b) {
    return std::bit_cast<std::array<uint8_t, 16>>(a) == std::bit_cast<std::array<uint8_t, 16>>(b);
}

std::span<const EFI_CONFIGURATION_TABLE> tables_of(const EFI_SYSTEM_TABLE& system) {
    return {system.ConfigurationTable, system.NumberOfTableEntries};
}

/// A global variable of one byte.
std::optional<uint8_t> flag_variable(const efi::Firmware& firmware, std::u16string_view name) {
    std::array<CHAR16, 16> wide{};
    for (std::size_t i = 0; i < name.size(); ++i)
        wide[i] = name[i];
    EFI_GUID guid = kGlobalVariableGuid;
    uint8_t value = 0;
    UINTN bytes = sizeof value;
    if (efi::failed(firmware.system->RuntimeServices->GetVariable(wide.data(), &guid, nullptr,
                                                                  &bytes, &value)))
        return {};
    return value;
}

/// UEFI 2.10 section 8.3, EFI_TIME.
void add_time(const efi::Firmware& firmware, MachineFacts& facts) {
    constexpr INT16 kUnspecifiedTimeZone = 0x7ff;
    EFI_TIME time{};
    if (efi::failed(firmware.system->RuntimeServices->GetTime(&time, nullptr)) ||
        time.Year < 1970 || time.Month < 1 || time.Month > 12 || time.Day < 1)
        return;
    facts.unix_time_tsc = cpu::read_tsc();
    facts.unix_time_seconds = days_since_1970(time.Year, time.Month, time.Day) * 86'400 +
                              int64_t{time.Hour} * 3'600 + int64_t{time.Minute} * 60 + time.Second;
    if (time.TimeZone != kUnspecifiedTimeZone) // local time = UTC - zone
        facts.unix_time_seconds += int64_t{time.TimeZone} * 60;
}

} // namespace

uint64_t find_table(const EFI_SYSTEM_TABLE& system, const EFI_GUID& guid) {
    uint64_t found = 0;
    for (const EFI_CONFIGURATION_TABLE& table : tables_of(system))
        if (same(table.VendorGuid, guid))
            found = reinterpret_cast<uint64_t>(table.VendorTable);
    return found;
}

/// UEFI 2.10 section 3.3, SecureBoot and SetupMode.
BatonSecureBoot find_secure_boot(const efi::Firmware& firmware) {
    const auto enabled = flag_variable(firmware, u"SecureBoot");
    if (!enabled)
        return BATON_SECURE_BOOT_UNKNOWN;
    if (*enabled == 1)
        return BATON_SECURE_BOOT_ON;
    return flag_variable(firmware, u"SetupMode") == 1 ? BATON_SECURE_BOOT_SETUP
                                                      : BATON_SECURE_BOOT_OFF;
}

uint64_t find_rsdp(const efi::Firmware& firmware) {
    const uint64_t acpi20 = find_table(*firmware.system, kAcpi20Guid);
    return acpi20 != 0 ? acpi20 : find_table(*firmware.system, kAcpi10Guid);
}

void add_firmware_facts(const efi::Firmware& firmware, MachineFacts& facts) {
    facts.efi_system_table = reinterpret_cast<uint64_t>(firmware.system);
    facts.rsdp = find_rsdp(firmware);
    facts.smbios = find_table(*firmware.system, kSmbiosGuid);
    facts.smbios3 = find_table(*firmware.system, kSmbios3Guid);
    add_time(firmware, facts);
    facts.firmware_revision = firmware.system->FirmwareRevision;
    facts.uefi_revision = firmware.system->Hdr.Revision;
}

EfiMemoryMap memory_attributes(const efi::Firmware& firmware) {
    const uint64_t address = find_table(*firmware.system, kMemoryAttributesGuid);
    MemoryAttributesTable::Header header{};
    if (address != 0)
        std::memcpy(&header, reinterpret_cast<const void*>(address), sizeof header);
    const uint64_t bytes = address == 0 ? 0 : MemoryAttributesTable::bytes(header);
    return MemoryAttributesTable::descriptors({reinterpret_cast<const std::byte*>(address), bytes});
}

bool can_map_runtime_services(const efi::Firmware& firmware) {
    struct RuntimeProperties { // EFI_RT_PROPERTIES_TABLE
        UINT16 version;
        UINT16 bytes;
        UINT32 supported;
    };
    constexpr UINT32 kSetVirtualAddressMap = 0x80;
    for (const EFI_CONFIGURATION_TABLE& table : tables_of(*firmware.system))
        if (same(table.VendorGuid, kRuntimePropertiesGuid))
            return (static_cast<const RuntimeProperties*>(table.VendorTable)->supported &
                    kSetVirtualAddressMap) != 0;
    return true;
}

} // namespace baton

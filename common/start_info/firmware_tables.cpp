// SPDX-License-Identifier: BSD-2-Clause
#include "start_info/firmware_tables.hpp"

#include "start_info/efi_system_table.hpp"
#include "start_info/efi_tables.hpp"

#include <algorithm>
#include <numeric>

namespace baton {
namespace {

class Finder {
  public:
    Finder(const StartInfo& info, const acpi::PhysicalMemory& memory)
        : info_(info),
          memory_(memory) {}

    FirmwareTables find() {
        if (read_efi()) {
            if (tables_.rsdp.value == 0)
                tables_.rsdp = info_.rsdp;
            return tables_;
        }
        if (info_.rsdp.value == 0 || is_copy(info_.rsdp))
            tables_.rsdp = acpi::find_root_pointer(memory_);
        if (tables_.rsdp.value == 0)
            tables_.rsdp = info_.rsdp;
        acpi::add_tables(memory_, tables_.rsdp, tables_.ranges);
        find_smbios();
        return tables_;
    }

  private:
    void add_range(PhysRange range) {
        constexpr uint64_t kLargest = uint64_t{1} << 20; // more is no table
        if (range.bytes <= kLargest && memory_.at(range.base, range.bytes).size() == range.bytes)
            tables_.ranges.add(range);
    }

    /// Whether it lies in the start information.
    bool is_copy(PhysAddr address) const {
        const auto parts = info_.structures.entries();
        return std::any_of(parts.begin(), parts.end(),
                           [&](const PhysRange& part) { return part.contains(address); });
    }

    bool read_efi() {
        const Bytes bytes = memory_.at(info_.efi_system_table, sizeof(EfiSystemTable));
        if (info_.efi_system_table.value == 0 || bytes.size() != sizeof(EfiSystemTable))
            return false;
        const auto system = read_at<EfiSystemTable>(bytes, 0);
        if (system.signature != kEfiSystemTableSignature)
            return false;
        tables_.efi_system_table = info_.efi_system_table;
        tables_.uefi_revision = system.revision;
        tables_.firmware_revision = system.firmware_revision;
        read_vendor({system.firmware_vendor});
        const uint64_t count = std::min(system.table_count, kMostEfiTables);
        const Bytes list = memory_.at({system.tables}, count * sizeof(EfiConfigurationTable));
        for (std::size_t at = 0; fits(at, sizeof(EfiConfigurationTable), list.size());
             at += sizeof(EfiConfigurationTable))
            take(read_at<EfiConfigurationTable>(list, at));
        add_efi_tables(memory_, info_.efi_system_table, tables_.efi_ranges);
        return true;
    }

    void take(const EfiConfigurationTable& entry) {
        if (entry.guid == kEfiAcpi20 || (entry.guid == kEfiAcpi10 && tables_.rsdp.value == 0))
            tables_.rsdp = {entry.table};
        else if (entry.guid == kEfiSmbios)
            tables_.smbios = {entry.table};
        else if (entry.guid == kEfiSmbios3)
            tables_.smbios3 = {entry.table};
    }

    /// UTF-16, of which ASCII is shown.
    void read_vendor(PhysAddr address) {
        for (std::size_t i = 0; i + 1 < tables_.firmware_vendor.size(); ++i) {
            const Bytes bytes = memory_.at(address + 2 * i, sizeof(char16_t));
            if (bytes.size() != sizeof(char16_t))
                return;
            const auto character = read_at<char16_t>(bytes, 0);
            if (character == 0)
                return;
            const bool is_plain = character >= 0x20 && character < 0x7f;
            tables_.firmware_vendor[i] = is_plain ? static_cast<char>(character) : '?';
        }
    }

    /// SMBIOS 3.6 section 5.2: an anchor at a multiple of 16 in the BIOS's last 64 KiB, and where
    /// the structures are.
    void find_smbios() {
        constexpr PhysRange kArea{{0xf'0000}, 0x1'0000};
        for (uint64_t at = 0; at < kArea.bytes; at += 16) {
            const PhysAddr address = kArea.base + at;
            if (tables_.smbios.value == 0 && is_entry_point(address, kSmbios, 31)) {
                tables_.smbios = address;
                add_range({address, 31});
                add_range({{record<uint32_t>(address + 24)}, record<uint16_t>(address + 22)});
            }
            if (tables_.smbios3.value == 0 && is_entry_point(address, kSmbios3, 24)) {
                tables_.smbios3 = address;
                add_range({address, 24});
                add_range({{record<uint64_t>(address + 16)}, record<uint32_t>(address + 12)});
            }
        }
    }

    bool is_entry_point(PhysAddr address, const SmbiosAnchor& anchor, std::size_t least) const {
        return smbios_entry_point(memory_, address, anchor).size() >= least;
    }

    /// 0 where there is no memory.
    template<class T>
    T record(PhysAddr address) const {
        const Bytes bytes = memory_.at(address, sizeof(T));
        return bytes.size() == sizeof(T) ? read_at<T>(bytes, 0) : T{};
    }

    const StartInfo& info_;
    const acpi::PhysicalMemory& memory_;
    FirmwareTables tables_;
};

} // namespace

Bytes smbios_entry_point(const acpi::PhysicalMemory& memory, PhysAddr address,
                         const SmbiosAnchor& anchor) {
    const Bytes head = memory.at(address, anchor.length_at + 1);
    if (head.size() != anchor.length_at + 1 ||
        !std::equal(anchor.text.begin(), anchor.text.end(), head.begin(),
                    [](char a, std::byte b) { return static_cast<std::byte>(a) == b; }))
        return {};
    const auto length = static_cast<uint64_t>(head[anchor.length_at]);
    const Bytes whole = memory.at(address, length);
    const unsigned sum =
        std::accumulate(whole.begin(), whole.end(), 0u, [](unsigned before, std::byte byte) {
            return before + static_cast<unsigned>(byte);
        });
    return whole.size() == length && sum % 256 == 0 ? whole : Bytes{};
}

FirmwareTables find_firmware_tables(const StartInfo& info, const acpi::PhysicalMemory& memory) {
    return Finder(info, memory).find();
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
#include "stage1/table_bytes.hpp"

#include "start_info/firmware_tables.hpp"

namespace baton {

void add_table_bytes(const acpi::PhysicalMemory& memory, MachineFacts& facts) {
    facts.root_pointer = acpi::root_pointer(memory, {facts.rsdp});
    facts.smbios_entry = smbios_entry_point(memory, {facts.smbios}, kSmbios);
    facts.smbios3_entry = smbios_entry_point(memory, {facts.smbios3}, kSmbios3);
}

} // namespace baton

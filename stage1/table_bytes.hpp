// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "acpi/tables.hpp"
#include "protocols/facts.hpp"

namespace baton {

/// What the addresses of the root pointer of ACPI and of the entry points of SMBIOS lead to.
void add_table_bytes(const acpi::PhysicalMemory& memory, MachineFacts& facts);

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// Memory that the page tables of now map where it lies, as UEFI promises for all that its memory
// map has (UEFI 2.10 section 2.3.4).
#pragma once

#include "acpi/tables.hpp"
#include "core/address.hpp"

namespace baton {

/// Whether all of `range` is mapped so; to be written to, if `write`.
bool is_identity_mapped(PhysRange range, bool write);

class IdentityMemory final : public acpi::PhysicalMemory {
  public:
    Bytes at(PhysAddr address, uint64_t bytes) const override;
};

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// ACPI tables: finding one, and the few of their fields that Baton needs (ACPI 6.5 section 5.2).
#pragma once

#include "core/address.hpp"
#include "core/bytes.hpp"
#include "memory/range_set.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace baton::acpi {

/// Where tables are read. What is there is not trusted.
class PhysicalMemory {
  public:
    /// Empty where there is no such memory.
    virtual Bytes at(PhysAddr address, uint64_t bytes) const = 0;

  protected:
    ~PhysicalMemory() = default;
};

/// Whether a table begins with these characters. It has as many bytes.
bool has_signature(Bytes table, std::string_view signature);
/// Whether the bytes add up to 0 modulo 256.
bool has_good_checksum(Bytes table);

/// Where the extended BIOS data area is; 0: there is none.
PhysAddr extended_bios_data(const PhysicalMemory& memory);

/// The root pointer that a BIOS leaves in its own memory (section 5.2.5.1), with a good checksum. 0
/// where there is none.
PhysAddr find_root_pointer(const PhysicalMemory& memory);

/// All of the root pointer, of 20 bytes or, from revision 2 on, 36; empty where there is none.
Bytes root_pointer(const PhysicalMemory& memory, PhysAddr address);

/// The table with this signature, four characters, that the root pointer leads to: all of it, with
/// a good checksum. Empty where there is none.
Bytes find_table(const PhysicalMemory& memory, PhysAddr root_pointer, std::string_view signature);

/// Adds where the root pointer, the table that it leads to and all the others lie, DSDT and FACS
/// among them. Those without a good checksum are left out; the FACS has none.
void add_tables(const PhysicalMemory& memory, PhysAddr root_pointer, RangeSet& ranges);

/// Of the table "HPET" (IA-PC HPET 1.0a section 3.2.4): the registers of the timer block.
std::optional<PhysAddr> timer_block(Bytes hpet);

/// An I/O APIC: an interrupt of the number first_interrupt comes in at its pin 0.
struct IoApic {
    PhysAddr registers;
    uint32_t first_interrupt;
};

/// The I/O APIC of interrupt 0, of the table "APIC" (ACPI 6.5 section 5.2.12).
std::optional<IoApic> first_io_apic(Bytes madt);

} // namespace baton::acpi

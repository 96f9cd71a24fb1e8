// SPDX-License-Identifier: BSD-2-Clause
//
// ACPI tables that are a list of entries, each with its type and its length: MADT and SRAT (ACPI
// 6.5 sections 5.2.12 and 5.2.16), DMAR (Intel VT-d 4.1 section 8.1), IVRS (AMD I/O Virtualization
// 3.08 section 5.2.2). And the entries that Baton reads.
#pragma once

#include "acpi/tables.hpp"
#include "core/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace baton::acpi {

/// Where the first entry begins, and what each begins with. Numbers have 1 or 2 bytes.
struct EntryLayout {
    uint8_t first;
    uint8_t type_bytes;
    uint8_t length_at;
    uint8_t length_bytes;
};

inline constexpr EntryLayout kMadtLayout{44, 1, 1, 1};
inline constexpr EntryLayout kSratLayout{48, 1, 1, 1};
inline constexpr EntryLayout kDmarLayout{48, 2, 2, 2};
inline constexpr EntryLayout kIvrsLayout{48, 1, 2, 2};

struct Entry {
    uint16_t type;
    Bytes bytes; // all of it, with type and length
};

/// The entries one after the other, of a table as find_table() returns it, or of none.
class Entries {
  public:
    Entries(Bytes table, EntryLayout layout) : table_(table), layout_(layout), at_(layout.first) {}

    /// Nothing at the end of the table, or where an entry's length can't be right.
    std::optional<Entry> next();

  private:
    uint16_t number(std::size_t at, uint8_t bytes) const;

    Bytes table_;
    EntryLayout layout_;
    std::size_t at_;
};

// Each of these returns nothing for an entry of another type, or one that is too short.

/// Of the MADT: types 0 and 9.
struct LocalApic {
    uint32_t id;
    uint32_t uid;   // of the processor's object in the namespace
    uint32_t flags; // bit 0: enabled; bit 1: can be enabled
};
std::optional<LocalApic> local_apic(const Entry& entry);

/// Of the MADT: type 1.
std::optional<IoApic> io_apic(const Entry& entry);

/// Of the MADT: types 4 and 10, an NMI at a local interrupt pin.
struct LocalNmi {
    uint32_t uid; // all bits set: of all processors
    uint8_t pin;
    bool active_low;
    bool level_triggered;
};
std::optional<LocalNmi> local_nmi(const Entry& entry);

/// Of the DMAR: a remapping unit's registers, type 0.
std::optional<PhysAddr> intel_iommu(const Entry& entry);

/// Of the IVRS: an IOMMU's registers, types 10h, 11h and 40h; each IOMMU may have one of each.
std::optional<PhysAddr> amd_iommu(const Entry& entry);

} // namespace baton::acpi

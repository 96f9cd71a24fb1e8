// SPDX-License-Identifier: BSD-2-Clause
#include "acpi/tables.hpp"

#include "acpi/entries.hpp"

#include <algorithm>

namespace baton::acpi {
namespace {

// RSDP: section 5.2.5.3.
constexpr std::string_view kRootSignature = "RSD PTR ";
constexpr uint64_t kRootBytes = 20; // of revision 0, and what the first checksum covers
constexpr uint64_t kRootBytes2 = 36;
constexpr uint64_t kRootAlignment = 16;
constexpr std::size_t kRevisionOffset = 15, kRsdtOffset = 16, kXsdtOffset = 24;

// The header of a table: section 5.2.6.
constexpr uint64_t kHeaderBytes = 36;
constexpr std::size_t kLengthOffset = 4;
constexpr uint64_t kLargestTable = uint64_t{1} << 20;

// FADT: section 5.2.9. Addresses of 32 bits and of 64.
constexpr std::size_t kFacsOffset = 36, kDsdtOffset = 40, kFacs64Offset = 132, kDsdt64Offset = 140;
constexpr uint64_t kFacsBytes = 64; // at least: section 5.2.10

// HPET.
constexpr std::size_t kHpetAddress = 40;
constexpr uint64_t kHpetBytes = 56;
constexpr std::byte kSystemMemory{0}; // address space of a generic address: section 5.2.3.2

} // namespace

bool has_signature(Bytes table, std::string_view signature) {
    return std::ranges::equal(
        table.first(signature.size()), signature,
        [](std::byte byte, char character) { return byte == static_cast<std::byte>(character); });
}

/// Eight sums at a time, each in a byte of a word.
bool has_good_checksum(Bytes table) {
    constexpr uint64_t kHighBits = 0x8080'8080'8080'8080;
    uint64_t sums = 0;
    for (; table.size() >= sizeof sums; table = table.subspan(sizeof sums)) {
        const auto bytes = read_at<uint64_t>(table, 0);
        sums = ((sums & ~kHighBits) + (bytes & ~kHighBits)) ^ ((sums ^ bytes) & kHighBits);
    }
    unsigned sum = 0;
    for (const std::byte byte : table)
        sum += static_cast<unsigned>(byte);
    for (; sums != 0; sums >>= 8)
        sum += sums & 0xff;
    return sum % 256 == 0;
}

namespace {

/// Of any signature, where none is given. The checksum, a walk over as much as a MiB, comes
/// last.
Bytes table_at(const PhysicalMemory& memory, PhysAddr address, std::string_view signature = {}) {
    const Bytes header = memory.at(address, kHeaderBytes);
    if (header.size() < kHeaderBytes || !has_signature(header, signature))
        return {};
    const auto length = read_at<uint32_t>(header, kLengthOffset);
    if (length < kHeaderBytes || length > kLargestTable)
        return {};
    const Bytes table = memory.at(address, length);
    return table.size() == length && has_good_checksum(table) ? table : Bytes{};
}

/// XSDT or RSDT: a header, then the addresses of tables.
struct RootTable {
    PhysAddr address;
    Bytes table;
    std::size_t address_bytes;
};

/// The root pointer's first part; empty where there is none.
Bytes root_at(const PhysicalMemory& memory, PhysAddr address) {
    const Bytes root = memory.at(address, kRootBytes);
    const bool is_good =
        root.size() == kRootBytes && has_signature(root, kRootSignature) && has_good_checksum(root);
    return is_good ? root : Bytes{};
}

RootTable root_table(const PhysicalMemory& memory, PhysAddr address) {
    const Bytes root = root_pointer(memory, address);
    if (root.empty())
        return {};
    if (root.size() == kRootBytes2) {
        const PhysAddr xsdt{read_at<uint64_t>(root, kXsdtOffset)};
        if (const Bytes table = table_at(memory, xsdt, "XSDT"); !table.empty())
            return {xsdt, table, sizeof(uint64_t)};
    }
    const PhysAddr rsdt{read_at<uint32_t>(root, kRsdtOffset)};
    return {rsdt, table_at(memory, rsdt, "RSDT"), sizeof(uint32_t)};
}

} // namespace

Bytes root_pointer(const PhysicalMemory& memory, PhysAddr address) {
    const Bytes root = root_at(memory, address);
    if (root.empty() || root[kRevisionOffset] < std::byte{2})
        return root;
    const Bytes root2 = memory.at(address, kRootBytes2);
    return root2.size() == kRootBytes2 && has_good_checksum(root2) ? root2 : root;
}

/// The BIOS data area has its segment.
PhysAddr extended_bios_data(const PhysicalMemory& memory) {
    const Bytes segment = memory.at({0x40e}, sizeof(uint16_t));
    if (segment.size() != sizeof(uint16_t))
        return {};
    return {uint64_t{read_at<uint16_t>(segment, 0)} << 4};
}

PhysAddr find_root_pointer(const PhysicalMemory& memory) {
    for (const PhysRange area :
         {PhysRange{extended_bios_data(memory), 1024}, PhysRange{{0xe'0000}, 0x2'0000}})
        for (uint64_t at = 0; area.base.value != 0 && at < area.bytes; at += kRootAlignment)
            if (!root_at(memory, area.base + at).empty())
                return area.base + at;
    return {};
}

namespace {

/// Calls `use(address)` for each address that the root table has, until it returns true.
template<class Use>
void for_each_address(const PhysicalMemory& memory, PhysAddr root_pointer, Use use) {
    const auto [unused, root, address_bytes] = root_table(memory, root_pointer);
    for (std::size_t at = kHeaderBytes; fits(at, address_bytes, root.size()); at += address_bytes)
        if (use(PhysAddr{address_bytes == sizeof(uint64_t) ? read_at<uint64_t>(root, at)
                                                           : read_at<uint32_t>(root, at)}))
            return;
}

} // namespace

Bytes find_table(const PhysicalMemory& memory, PhysAddr root_pointer, std::string_view signature) {
    Bytes found;
    for_each_address(memory, root_pointer, [&](PhysAddr address) {
        found = table_at(memory, address, signature);
        return !found.empty();
    });
    return found;
}

namespace {

/// Adds tables where they are.
class Lister {
  public:
    Lister(const PhysicalMemory& memory, RangeSet& ranges) : memory_(memory), ranges_(ranges) {}

    void add(PhysAddr address, Bytes table) { ranges_.add({address, table.size()}); }
    /// What the FADT points to.
    void add_more(Bytes fadt) {
        const auto dsdt = pointer<uint32_t>(fadt, kDsdtOffset);
        const auto dsdt64 = pointer<uint64_t>(fadt, kDsdt64Offset);
        add_dsdt(dsdt64);
        if (dsdt != dsdt64) // a walk over all of it
            add_dsdt(dsdt);
        add_facs(pointer<uint32_t>(fadt, kFacsOffset));
        add_facs(pointer<uint64_t>(fadt, kFacs64Offset));
    }

  private:
    template<class T>
    static PhysAddr pointer(Bytes fadt, std::size_t at) {
        return {fits(at, sizeof(T), fadt.size()) ? read_at<T>(fadt, at) : 0};
    }
    void add_dsdt(PhysAddr address) { add(address, table_at(memory_, address, "DSDT")); }
    /// It has no checksum, since the firmware and the system write to it.
    void add_facs(PhysAddr address) {
        const Bytes facs = memory_.at(address, kFacsBytes);
        if (facs.size() < kFacsBytes || !has_signature(facs, "FACS"))
            return;
        const uint64_t bytes =
            std::clamp<uint64_t>(read_at<uint32_t>(facs, kLengthOffset), kFacsBytes, kPageBytes);
        add(address, memory_.at(address, bytes));
    }

    const PhysicalMemory& memory_;
    RangeSet& ranges_;
};

} // namespace

void add_tables(const PhysicalMemory& memory, PhysAddr root_pointer, RangeSet& ranges) {
    Lister lister(memory, ranges);
    if (const Bytes root = root_at(memory, root_pointer); !root.empty())
        lister.add(root_pointer, root[kRevisionOffset] >= std::byte{2}
                                     ? memory.at(root_pointer, kRootBytes2)
                                     : root);
    const RootTable root = root_table(memory, root_pointer);
    lister.add(root.address, root.table);
    for_each_address(memory, root_pointer, [&](PhysAddr address) {
        const Bytes table = table_at(memory, address);
        lister.add(address, table);
        if (!table.empty() && has_signature(table, "FACP"))
            lister.add_more(table);
        return false;
    });
}

std::optional<PhysAddr> timer_block(Bytes hpet) {
    if (hpet.size() < kHpetBytes || hpet[kHpetAddress] != kSystemMemory)
        return {};
    const auto address = read_at<uint64_t>(hpet, kHpetAddress + 4);
    return address == 0 ? std::nullopt : std::optional(PhysAddr{address});
}

std::optional<IoApic> first_io_apic(Bytes madt) {
    Entries entries(madt, kMadtLayout);
    while (const auto entry = entries.next())
        if (const auto found = io_apic(*entry); found && found->first_interrupt == 0)
            return found;
    return {};
}

} // namespace baton::acpi

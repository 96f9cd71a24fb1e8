// SPDX-License-Identifier: BSD-2-Clause
#include "acpi/processors.hpp"

#include "acpi/entries.hpp"

#include <algorithm>

namespace baton::acpi {
namespace {

// MADT: sections 5.2.12.2, 5.2.12.12 and 5.2.12.19.
constexpr uint32_t kEnabled = 1, kOnlineCapable = 2;
constexpr uint16_t kWakeup = 16;
constexpr std::size_t kWakeupBytes = 16, kMailboxOffset = 8;

// SRAT: sections 5.2.16.1 and 5.2.16.3.
constexpr uint16_t kAffinity = 0, kX2Affinity = 2;
constexpr std::size_t kAffinityBytes = 16, kX2AffinityBytes = 24;

/// As many as a table has, each once.
class List {
  public:
    static Result<List> create(std::size_t most, Arena& arena) {
        List made;
        made.memory_ = TRY(arena.scratch<Processor>(std::min<std::size_t>(most, kMostProcessors)));
        return made;
    }
    void add(const Processor& processor) {
        if (find(processor.id) != nullptr)
            return;
        if (result.list.size() == memory_.size()) {
            ++result.left_out;
            return;
        }
        memory_[result.list.size()] = processor;
        result.list = memory_.first(result.list.size() + 1);
    }
    Processor* find(uint32_t id) const {
        const auto found = std::ranges::find(result.list, id, &Processor::id);
        return found != result.list.end() ? &*found : nullptr;
    }

    Processors result;

  private:
    std::span<Processor> memory_;
};

/// In which NUMA domain a processor is: an entry of the SRAT.
void add_domain(const Entry& entry, const List& processors) {
    const Bytes bytes = entry.bytes;
    uint32_t id, domain, flags;
    if (entry.type == kAffinity && bytes.size() >= kAffinityBytes) {
        domain = read_at<uint8_t>(bytes, 2) | (read_at<uint32_t>(bytes, 8) & 0xffff'ff00);
        id = read_at<uint8_t>(bytes, 3);
        flags = read_at<uint32_t>(bytes, 4);
    } else if (entry.type == kX2Affinity && bytes.size() >= kX2AffinityBytes) {
        domain = read_at<uint32_t>(bytes, 4);
        id = read_at<uint32_t>(bytes, 8);
        flags = read_at<uint32_t>(bytes, 12);
    } else {
        return;
    }
    Processor* const processor = processors.find(id);
    if (processor != nullptr && (flags & kEnabled) != 0)
        processor->numa_domain = domain;
}

/// An entry has eight bytes or more.
constexpr std::size_t most_in(Bytes table) {
    return table.size() / 8;
}

/// A page of memory, or none.
PhysAddr mailbox_of(const PhysicalMemory& memory, const Entry& wakeup) {
    const PhysAddr address{read_at<uint64_t>(wakeup.bytes, kMailboxOffset)};
    const bool is_page = is_aligned(address.value, kPageBytes) &&
                         memory.at(address, kPageBytes).size() == kPageBytes;
    return is_page ? address : PhysAddr{};
}

Result<Processors> of_madt(const PhysicalMemory& memory, Bytes madt, Bytes srat, Arena& arena) {
    List processors = TRY(List::create(most_in(madt), arena));
    Entries entries(madt, kMadtLayout);
    while (const auto entry = entries.next()) {
        if (const auto apic = local_apic(*entry);
            apic && (apic->flags & (kEnabled | kOnlineCapable)) != 0)
            processors.add(
                {.id = apic->id, .uid = apic->uid, .enabled = (apic->flags & kEnabled) != 0});
        if (entry->type == kWakeup && entry->bytes.size() >= kWakeupBytes)
            processors.result.mailbox = mailbox_of(memory, *entry);
    }
    Entries domains(srat, kSratLayout);
    while (const auto entry = domains.next())
        add_domain(*entry, processors);
    return processors.result;
}

// The pointer and the table of the MultiProcessor Specification: sections 4.1 and 4.2.
constexpr std::string_view kPointerSignature = "_MP_", kTableSignature = "PCMP";
constexpr uint64_t kPointerBytes = 16, kTableBytes = 44;
constexpr std::size_t kTableOffset = 4, kLengthOffset = 4;
// Entries: section 4.3.1.
constexpr std::byte kProcessorEntry{0};
constexpr std::size_t kProcessorEntryBytes = 20, kOtherEntryBytes = 8;
constexpr uint8_t kUsable = 1;

/// The configuration table that a pointer leads to; empty where it is none.
Bytes table_of(const PhysicalMemory& memory, Bytes pointer) {
    if (!has_signature(pointer, kPointerSignature) || !has_good_checksum(pointer))
        return {};
    const PhysAddr address{read_at<uint32_t>(pointer, kTableOffset)};
    const Bytes head = memory.at(address, kTableBytes);
    if (head.size() != kTableBytes || !has_signature(head, kTableSignature))
        return {};
    const auto length = read_at<uint16_t>(head, kLengthOffset);
    const Bytes table = memory.at(address, length);
    return length >= kTableBytes && table.size() == length && has_good_checksum(table) ? table
                                                                                       : Bytes{};
}

/// In the first KiB of the extended BIOS data area, in the last one of base memory, or in the BIOS.
Bytes mp_table(const PhysicalMemory& memory) {
    constexpr uint64_t kKiB = 1024;
    const PhysAddr extended = extended_bios_data(memory);
    for (const PhysRange& area : {PhysRange{extended, kKiB}, PhysRange{{639 * kKiB}, kKiB},
                                  PhysRange{{0xf'0000}, 64 * kKiB}}) {
        const Bytes bytes = memory.at(area.base, area.bytes);
        for (std::size_t at = 0; fits(at, kPointerBytes, bytes.size()); at += kPointerBytes)
            if (const Bytes table = table_of(memory, bytes.subspan(at, kPointerBytes));
                !table.empty())
                return table;
    }
    return {};
}

Result<Processors> of_mp_table(Bytes table, Arena& arena) {
    List processors = TRY(List::create(most_in(table), arena));
    for (std::size_t at = kTableBytes; at < table.size();) {
        const bool is_processor = table[at] == kProcessorEntry;
        const std::size_t bytes = is_processor ? kProcessorEntryBytes : kOtherEntryBytes;
        if (!fits(at, bytes, table.size()))
            break;
        if (is_processor && (read_at<uint8_t>(table, at + 3) & kUsable) != 0)
            processors.add({.id = read_at<uint8_t>(table, at + 1), .uid = 0, .enabled = true});
        at += bytes;
    }
    return processors.result;
}

} // namespace

Result<Processors> find_processors(const PhysicalMemory& memory, PhysAddr rsdp, Arena& arena) {
    if (const Bytes madt = find_table(memory, rsdp, "APIC"); !madt.empty())
        return of_madt(memory, madt, find_table(memory, rsdp, "SRAT"), arena);
    return of_mp_table(mp_table(memory), arena);
}

} // namespace baton::acpi

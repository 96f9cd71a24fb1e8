// SPDX-License-Identifier: BSD-2-Clause
#include "acpi/entries.hpp"

namespace baton::acpi {
namespace {

// ACPI 6.5 tables 5.20 and following.
constexpr uint16_t kLocalApic = 0, kIoApic = 1, kLocalApicNmi = 4, kLocalX2Apic = 9,
                   kLocalX2ApicNmi = 10;
// Intel VT-d 4.1 section 8.3.
constexpr uint16_t kRemappingUnit = 0;
// AMD I/O Virtualization 3.08 section 5.2.2.1: three forms of the same.
constexpr uint16_t kIvhd10 = 0x10, kIvhd11 = 0x11, kIvhd40 = 0x40;

constexpr uint32_t kAllProcessors = ~uint32_t{0};

bool is(const Entry& entry, uint16_t type, std::size_t least_bytes) {
    return entry.type == type && entry.bytes.size() >= least_bytes;
}

template<class T>
T field(const Entry& entry, std::size_t at) {
    return read_at<T>(entry.bytes, at);
}

/// MPS INTI flags: ACPI 6.5 table 5.26. What conforms to the bus is as on ISA.
LocalNmi nmi(uint32_t uid, uint8_t pin, uint16_t flags) {
    constexpr uint16_t kActiveLow = 3, kLevelTriggered = 3; // of two bits
    return {.uid = uid,
            .pin = pin,
            .active_low = (flags & 3) == kActiveLow,
            .level_triggered = (flags >> 2 & 3) == kLevelTriggered};
}

std::optional<PhysAddr> registers_at(const Entry& entry, std::size_t at) {
    const auto address = field<uint64_t>(entry, at);
    return address == 0 ? std::nullopt : std::optional(PhysAddr{address});
}

} // namespace

uint16_t Entries::number(std::size_t at, uint8_t bytes) const {
    return bytes == 1 ? read_at<uint8_t>(table_, at) : read_at<uint16_t>(table_, at);
}

std::optional<Entry> Entries::next() {
    const std::size_t head = layout_.length_at + layout_.length_bytes;
    if (!fits(at_, head, table_.size()))
        return {};
    const std::size_t length = number(at_ + layout_.length_at, layout_.length_bytes);
    if (length < head || !fits(at_, length, table_.size())) {
        at_ = table_.size();
        return {};
    }
    const Entry entry{number(at_, layout_.type_bytes), table_.subspan(at_, length)};
    at_ += length;
    return entry;
}

std::optional<LocalApic> local_apic(const Entry& entry) {
    if (is(entry, kLocalApic, 8))
        return LocalApic{.id = field<uint8_t>(entry, 3),
                         .uid = field<uint8_t>(entry, 2),
                         .flags = field<uint32_t>(entry, 4)};
    if (is(entry, kLocalX2Apic, 16))
        return LocalApic{.id = field<uint32_t>(entry, 4),
                         .uid = field<uint32_t>(entry, 12),
                         .flags = field<uint32_t>(entry, 8)};
    return {};
}

std::optional<IoApic> io_apic(const Entry& entry) {
    if (!is(entry, kIoApic, 12))
        return {};
    return IoApic{.registers = {field<uint32_t>(entry, 4)},
                  .first_interrupt = field<uint32_t>(entry, 8)};
}

std::optional<LocalNmi> local_nmi(const Entry& entry) {
    if (is(entry, kLocalApicNmi, 6)) {
        const auto uid = field<uint8_t>(entry, 2);
        return nmi(uid == 0xff ? kAllProcessors : uid, field<uint8_t>(entry, 5),
                   field<uint16_t>(entry, 3));
    }
    if (is(entry, kLocalX2ApicNmi, 12))
        return nmi(field<uint32_t>(entry, 4), field<uint8_t>(entry, 8), field<uint16_t>(entry, 2));
    return {};
}

std::optional<PhysAddr> intel_iommu(const Entry& entry) {
    if (!is(entry, kRemappingUnit, 16))
        return {};
    return registers_at(entry, 8);
}

std::optional<PhysAddr> amd_iommu(const Entry& entry) {
    const bool is_one = is(entry, kIvhd10, 24) || is(entry, kIvhd11, 40) || is(entry, kIvhd40, 40);
    if (!is_one)
        return {};
    return registers_at(entry, 8);
}

} // namespace baton::acpi

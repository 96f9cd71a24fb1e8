// SPDX-License-Identifier: BSD-2-Clause
#include "record_check/record_check.hpp"

#include "core/address.hpp"
#include "cpu/constants.hpp"
#include "record_check/processors.hpp"

#include <cstddef>

namespace baton {
namespace {

bool wants_five_levels(const BatonHandoff& record) {
    return (record.cr4 & cpu::kCr4La57) != 0;
}

/// The number of levels changes without paging, so in 32-bit code.
bool changes_levels(const BatonHandoff& record, const HandoffMachine& machine) {
    return wants_five_levels(record) != machine.five_levels_now;
}

/// Whether the record is of a version that has kernel_mode, and what follows it.
bool has_mode(const BatonHandoff& record) {
    return record.size >= offsetof(BatonHandoff, processors);
}

// A compiler may read early what isn't volatile, and an earlier record ends before these.
uint32_t kernel_mode(const BatonHandoff& record) {
    const volatile uint32_t& mode = record.kernel_mode;
    return has_mode(record) ? mode : uint32_t{BATON_KERNEL_64_BIT};
}

uint32_t processor_count(const BatonHandoff& record) {
    const volatile uint32_t& count = record.processor_count;
    return record.size >= sizeof record ? count : 0;
}

bool is_32_bit(const BatonHandoff& record) {
    return kernel_mode(record) == BATON_KERNEL_32_BIT;
}

bool is_good_block(const BatonHandoff& record, const HandoffMachine& machine) {
    return is_aligned(machine.block, kPageBytes) &&
           (machine.block < kEndOf32Bits ||
            !(changes_levels(record, machine) || is_32_bit(record)));
}

bool can_do_it(const BatonHandoff& record, const HandoffMachine& machine) {
    return (machine.has_no_execute || (record.efer & cpu::kEferNxe) == 0) &&
           (machine.has_five_levels || !wants_five_levels(record));
}

bool are_good_control_registers(const BatonHandoff& record) {
    constexpr uint64_t kSet = cpu::kCr0Pg | cpu::kCr0Pe;
    constexpr uint64_t kClear = cpu::kCr0Em | cpu::kCr0Ts | cpu::kCr0Nw | cpu::kCr0Cd;
    return (record.cr0 & (kSet | kClear)) == kSet && (record.cr4 & cpu::kCr4Pae) != 0 &&
           (record.efer & cpu::kEferLme) != 0 &&
           (record.cr0 | record.cr4 | record.efer) < kEndOf32Bits;
}

bool is_known_mode(const BatonHandoff& record) {
    return kernel_mode(record) <= BATON_KERNEL_32_BIT;
}

bool is_good_root(const BatonHandoff& record, const HandoffMachine& machine) {
    const uint64_t root = record.page_table_root;
    const bool must_be_low =
        machine.from_32_bits || changes_levels(record, machine) || is_32_bit(record);
    return is_aligned(root, kPageBytes) && root >> machine.physical_bits == 0 &&
           (root < kEndOf32Bits || !must_be_low);
}

bool are_good_addresses(const BatonHandoff& record, unsigned bits) {
    for (const uint64_t address :
         {record.direct_map_base, record.kernel_entry, record.boot_info, record.kernel_stack_top})
        if (!is_canonical({address}, bits))
            return false;
    if (is_32_bit(record) && (record.kernel_entry | record.kernel_stack_top) >= kEndOf32Bits)
        return false;
    return is_aligned(record.kernel_stack_top, kStackAlignment);
}

bool is_good_array(const BatonHandoff& record, const HandoffMachine& machine) {
    const uint64_t bytes = uint64_t{record.segment_count} * record.segment_entry_bytes;
    const uint64_t end = record.segments + bytes;
    return record.segment_entry_bytes >= sizeof(BatonHandoffSegment) && end >= bytes &&
           (end < kEndOf32Bits || !machine.from_32_bits);
}

bool is_good_segment(const BatonHandoffSegment& segment, unsigned bits) {
    if (segment.memory_bytes == 0)
        return segment.file_bytes == 0;
    const uint64_t first = segment.destination;
    const uint64_t last = first + (segment.memory_bytes - 1);
    const bool one_half = (first ^ last) >> 63 == 0;
    return segment.file_bytes <= segment.memory_bytes && last >= first && one_half &&
           is_canonical({first}, bits) && is_canonical({last}, bits);
}

bool are_good_segments(const BatonHandoff& record, unsigned bits) {
    uint64_t address = record.segments;
    for (uint32_t i = 0; i < record.segment_count; ++i, address += record.segment_entry_bytes)
        if (!is_good_segment(*reinterpret_cast<const BatonHandoffSegment*>(address), bits))
            return false;
    return true;
}

} // namespace

BatonHandoffRefusal check_record(const BatonHandoff& record, const HandoffMachine& machine) {
    if (record.magic != BATON_HANDOFF_MAGIC)
        return BATON_REFUSED_MAGIC;
    if (record.version_major != BATON_HANDOFF_VERSION_MAJOR)
        return BATON_REFUSED_VERSION;
    if (record.size < BATON_HANDOFF_BYTES_1_0)
        return BATON_REFUSED_SIZE;
    if (!is_good_block(record, machine))
        return BATON_REFUSED_BLOCK;
    if (!can_do_it(record, machine))
        return BATON_REFUSED_PROCESSOR;
    if (!are_good_control_registers(record) || !is_known_mode(record))
        return BATON_REFUSED_CONTROL;
    if (!is_good_root(record, machine))
        return BATON_REFUSED_PAGE_TABLES;
    const unsigned bits = address_bits(wants_five_levels(record));
    if (!are_good_addresses(record, bits))
        return BATON_REFUSED_ADDRESS;
    if (!is_good_array(record, machine))
        return BATON_REFUSED_SEGMENTS;
    if (!are_good_segments(record, bits))
        return BATON_REFUSED_SEGMENT;
    if (processor_count(record) != 0 &&
        !are_good_processors(record, machine, changes_levels(record, machine)))
        return BATON_REFUSED_PROCESSORS;
    return kNotRefused;
}

bool maps_to_itself(uint64_t page, uint64_t error_code, const PagingMode& tables,
                    const MemoryReader& memory, bool all_readable) {
    const PageWalk walk = walk_page_tables(page, tables, memory);
    const Denial denial = judge(walk, access_of(error_code), tables).denial;
    if (denial == Denial::unreadable)
        return !all_readable;
    return denial == Denial::none && is_identity(walk);
}

} // namespace baton

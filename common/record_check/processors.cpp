// SPDX-License-Identifier: BSD-2-Clause
#include "record_check/processors.hpp"

#include "core/address.hpp"
#include "cpu/constants.hpp"

namespace baton {
namespace {

bool is_good_processor(const BatonHandoffProcessor& processor, unsigned bits) {
    for (const uint64_t address : {processor.stack_top, processor.record, processor.go,
                                   processor.outcome, processor.parked_tsc})
        if (!is_canonical({address}, bits))
            return false;
    return is_aligned(processor.area, BATON_PROCESSOR_AREA_BYTES) &&
           processor.area < kEndOf32Bits && is_aligned(processor.stack_top, kStackAlignment);
}

/// A processor starts below 1 MiB, and comes to 64-bit mode from 32-bit code.
bool is_good_start(const BatonHandoff& record, const HandoffMachine& machine, bool changes_levels) {
    constexpr uint64_t kFirst = 0x1000, kLast = 0x9f000;
    constexpr uint16_t kLargestTable = 256;
    if (record.kernel_mode != BATON_KERNEL_64_BIT || record.kernel_gdt_bytes > kLargestTable ||
        machine.block >= kEndOf32Bits || record.page_table_root >= kEndOf32Bits)
        return false;
    if (record.mailbox != 0)
        return is_aligned(record.mailbox, kPageBytes) && !changes_levels;
    return is_aligned(record.trampoline, kPageBytes) && record.trampoline >= kFirst &&
           record.trampoline <= kLast && is_aligned(record.local_apic, kPageBytes);
}

} // namespace

bool are_good_processors(const BatonHandoff& record, const HandoffMachine& machine,
                         bool changes_levels) {
    const unsigned bits = address_bits((record.cr4 & cpu::kCr4La57) != 0);
    const uint64_t bytes = uint64_t{record.processor_count} * record.processor_entry_bytes;
    const uint64_t end = record.processors + bytes;
    if (record.processor_entry_bytes < sizeof(BatonHandoffProcessor) || end < bytes ||
        (end > kEndOf32Bits && machine.from_32_bits) ||
        !is_good_start(record, machine, changes_levels))
        return false;
    uint64_t address = record.processors;
    for (uint32_t i = 0; i < record.processor_count; ++i, address += record.processor_entry_bytes)
        if (!is_good_processor(*reinterpret_cast<const BatonHandoffProcessor*>(address), bits))
            return false;
    return true;
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// Stage 2: executes a handoff record. The contract is in abi/handoff.h.
#include "abi/handoff.h"
#include "core/address.hpp"
#include "cpu/constants.hpp"
#include "cpu/descriptors.hpp"
#include "cpu/features.hpp"
#include "cpu/instructions.hpp"
#include "record_check/record_check.hpp"
#include "stage2-stub/crash_record.hpp"
#include "stage2-stub/fault.hpp"
#include "stage2-stub/kernel32.hpp"
#include "stage2-stub/kernel_segments.hpp"
#include "stage2-stub/machine_state.hpp"
#include "stage2-stub/mapping_check.hpp"
#include "stage2-stub/memory.hpp"
#include "stage2-stub/processors.hpp"
#include "stage2-stub/report.hpp"
#include "stage2-stub/segments.hpp"

#include <cstddef>
#include <cstdint>

extern "C" {
extern const std::byte stage2_load_end[]; // of the linker script, as the next one
extern const std::byte stage2_writable[];
void switch_paging_levels(uint64_t cr3, uint64_t cr4, uint64_t cr0);
[[noreturn]] void enter_kernel(uint64_t boot_info, uint64_t entry, uint64_t stack_top, uint32_t eax,
                               uint32_t ebx);
[[noreturn]] void enter_kernel32(uint64_t entry, uint64_t stack_top, uint32_t eax, uint32_t ebx);
uint32_t stage2_check(const BatonHandoff* given);
[[noreturn]] void stage2_run(const BatonHandoff* given);
[[noreturn]] void stage2_run32(const BatonHandoff* given);
}

/// Names a place for a debugger's breakpoint: tools/gdb/. It is no instruction.
#define STAGE2_PLACE(name) asm volatile(#name ":" : : : "memory")

namespace baton::stage2 {
namespace {

/// The fields of BatonStage2Header that C++ knows. The linker script appends the others, and puts
/// them at the beginning of the file.
struct HeaderStart {
    uint64_t magic = BATON_STAGE2_MAGIC;
    uint16_t version_major = BATON_HANDOFF_VERSION_MAJOR;
    uint16_t version_minor = BATON_HANDOFF_VERSION_MINOR;
    uint32_t header_bytes = sizeof(BatonStage2Header);
};
[[gnu::section(".header"), gnu::used]] constexpr HeaderStart kHeaderStart;

void set_step(BatonHandoffStep step) {
    fault_state.progress.step = step;
}

void set_segment(uint32_t segment, uint64_t to, bool zeroing) {
    fault_state.progress = {
        .step = BATON_STEP_COPY, .segment = segment, .zeroing = zeroing, .to = to};
}

/// Stage 2 may write to read-only pages. Shadow stacks go with CR0.WP (Intel SDM 3A section 2.5).
void turn_write_protection_off() {
    cpu::write_cr4(cpu::read_cr4() & ~cpu::kCr4Cet);
    cpu::write_cr0(cpu::read_cr0() & ~cpu::kCr0Wp);
}

/// Under page tables that don't map stage 2 nothing could be reported any more. A 64-bit caller
/// need not have its tables mapped; the lowest 4 GiB, where those of a 32-bit caller are, are.
void check_page_tables(const BatonHandoff& record, bool from_32_bits) {
    const PagingMode tables =
        paging_mode(record.cr0, record.page_table_root, record.cr4, record.efer, physical_bits());
    const MappingCheck check{tables, from_32_bits};
    check.pages(address_of(stage2_start), address_of(stage2_load_end), kPageErrorFetch);
    check.pages(address_of(stage2_writable), address_of(stage2_used_end), kPageErrorWrite);
    if (record.processor_count != 0)
        check_mappings_of_processors(record, check);
    cpu::load_stack_segment(cpu::kSelectorData); // exceptions on other stacks have made it null
}

/// The machine under the kernel's page tables, with nothing in CR4 that these don't need: the rest
/// may depend on CR0.WP. A machine check is an exception that can be reported while CR4.MCE is set,
/// else it is a reset.
void load_page_tables(const BatonHandoff& record) {
    cpu::write_msr(cpu::kMsrEfer,
                   record.efer | cpu::kEferLma); // before CR3: the tables have NX bits
    // CR4.PGE goes first, so that none of the firmware's global translations survives the change of
    // CR3 (Intel SDM 3A section 4.10.4.1).
    constexpr uint64_t kCr4 = cpu::kCr4Pae | cpu::kCr4Mce;
    const uint64_t la57_now = cpu::read_cr4() & cpu::kCr4La57;
    const uint64_t la57 = record.cr4 & cpu::kCr4La57;
    const uint64_t cr0 = record.cr0 & ~cpu::kCr0Wp;
    cpu::write_cr4(kCr4 | la57_now);
    cpu::write_cr0(cr0);
    STAGE2_PLACE(stage2_before_cr3);
    if (la57 == la57_now)
        cpu::write_cr3(record.page_table_root);
    else
        switch_paging_levels(record.page_table_root, kCr4 | la57, cr0);
    STAGE2_PLACE(stage2_after_cr3);
}

void load_segments(const BatonHandoff& record) {
    for (uint32_t i = 0; i < record.segment_count; ++i) {
        const BatonHandoffSegment& segment = segment_at(record, i);
        set_segment(i, segment.destination, false);
        STAGE2_PLACE(stage2_before_copy);
        if (segment.source_physical != BATON_SOURCE_IN_PLACE)
            copy_bytes(segment.destination, record.direct_map_base + segment.source_physical,
                       segment.file_bytes);
        const uint64_t end = segment.destination + segment.file_bytes;
        set_segment(i, end, true);
        zero_bytes(end, segment.memory_bytes - segment.file_bytes);
    }
}

void stamp(const BatonHandoff& record, BatonHandoffStep step, uint64_t tsc) {
    if (record.time_stamps == 0)
        return;
    const uint64_t address = record.time_stamps + uint64_t{step} * record.time_stamp_bytes;
    *reinterpret_cast<uint64_t*>(address) = tsc;
}

HandoffMachine this_machine(bool from_32_bits) {
    return {.block = reinterpret_cast<uint64_t>(stage2_start),
            .physical_bits = physical_bits(),
            .has_no_execute = cpu::has_no_execute(),
            .has_five_levels = cpu::has_five_level_paging(),
            .five_levels_now = cpu::five_level_paging_is_on(),
            .from_32_bits = from_32_bits};
}

/// Executes a record that has been checked.
[[noreturn]] void execute(const BatonHandoff& given, bool from_32_bits) {
    turn_write_protection_off();
    install_fault_reports(given);
    note(BATON_CRASH_RECORD_HANDED_OVER);
    const BatonHandoff& record = fault_state.handoff;

    set_step(BATON_STEP_TABLES);
    check_page_tables(record, from_32_bits);
    load_page_tables(record);
    stamp(record, BATON_STEP_ENTERED, fault_state.entered);
    stamp(record, BATON_STEP_TABLES, cpu::read_tsc());

    set_step(BATON_STEP_COPY);
    load_segments(record);
    stamp(record, BATON_STEP_COPY, cpu::read_tsc());

    set_step(BATON_STEP_STATE);
    if (record.processor_count != 0)
        fill_in_trampoline(record);
    set_machine_state(record);
    if (record.kernel_gdt_bytes != 0)
        use_kernel_segments(record);
    if (record.processor_count != 0)
        start_processors(fault_state.handoff);
    if (record.kernel_flags != 0)
        report_no_more(record, kernel_segments(record));
    stamp(record, BATON_STEP_STATE, cpu::read_tsc());

    set_step(BATON_STEP_KERNEL);
    note(BATON_CRASH_RECORD_KERNEL_ENTERED);
    if (record.kernel_mode == BATON_KERNEL_32_BIT) {
        prepare_kernel32(record);
        enter_kernel32(record.kernel_entry, record.kernel_stack_top, record.kernel_eax,
                       record.kernel_ebx);
    }
    enter_kernel(record.boot_info, record.kernel_entry, record.kernel_stack_top, record.kernel_eax,
                 record.kernel_ebx);
}

} // namespace
} // namespace baton::stage2

using namespace baton;

/// From the 64-bit entry, on the caller's stack: a BatonHandoffRefusal, or 0.
uint32_t stage2_check(const BatonHandoff* given) {
    return check_record(*given, stage2::this_machine(false));
}

/// From the 64-bit entry, on stage 2's own stack, with interrupts off.
void stage2_run(const BatonHandoff* given) {
    stage2::execute(*given, false);
}

/// From the 32-bit entry, on stage 2's own stack and under its initial page tables.
[[gnu::section(".off_path")]] void stage2_run32(const BatonHandoff* given) {
    const auto refusal = check_record(*given, stage2::this_machine(true));
    if (refusal != kNotRefused)
        stage2::refuse_record(*given, refusal);
    stage2::execute(*given, true);
}

// SPDX-License-Identifier: BSD-2-Clause
//
// Stage 2: executes a handoff record. The contract is in abi/handoff.h.
#include "abi/handoff.h"
#include "stage2-stub/cpu.hpp"
#include "stage2-stub/crash_record.hpp"
#include "stage2-stub/fault.hpp"
#include "stage2-stub/memory.hpp"
#include "stage2-stub/segments.hpp"

#include <cstddef>
#include <cstdint>

extern "C" {
extern const std::byte stage2_start[]; // of the linker script, as the next three
extern const std::byte stage2_load_end[];
extern const std::byte stage2_writable[];
extern const std::byte stage2_memory_end[];
[[noreturn]] void refuse_page_tables(uint64_t address, uint64_t error_code);
void switch_paging_levels(uint64_t cr3, uint64_t cr4, uint64_t cr0);
[[noreturn]] void enter_kernel(uint64_t boot_info, uint64_t entry, uint64_t stack_top);
[[noreturn]] void stage2_run(const BatonHandoff* given);
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

constexpr std::size_t kPageBytes = 4096;
constexpr uint16_t kDataSelector = 0x10;

constexpr uint64_t kCr0WriteProtect = uint64_t{1} << 16;
constexpr uint64_t kCr4PhysicalAddressExtension = uint64_t{1} << 5;
constexpr uint64_t kCr4MachineCheck = uint64_t{1} << 6;
constexpr uint64_t kCr4La57 = uint64_t{1} << 12;
constexpr uint64_t kCr4ControlFlow = uint64_t{1} << 23; // CET
constexpr uint64_t kEferLongModeActive = uint64_t{1} << 10;
constexpr uint64_t kDr7Reset = 0x400; // no breakpoint: Intel SDM 3B section 17.2.4

/// The FXSAVE area: Intel SDM 1 section 10.5.1.
struct alignas(16) FpuState {
    uint16_t control_word;
    uint16_t status_word;
    uint32_t tags_and_opcode;
    uint64_t instruction_pointer;
    uint64_t data_pointer;
    uint32_t mxcsr;
    uint32_t mxcsr_mask;
    std::byte registers[480];
};
static_assert(sizeof(FpuState) == 512);
FpuState fpu_state; // zero but for what reset_fpu() sets: all registers empty and 0

void set_step(BatonHandoffStep step) {
    fault_state.progress.step = step;
}

void set_segment(uint32_t segment, uint64_t to, bool zeroing) {
    fault_state.progress = {
        .step = BATON_STEP_COPY, .segment = segment, .zeroing = zeroing, .to = to};
}

/// Stage 2 may write to read-only pages. Shadow stacks go with CR0.WP (Intel SDM 3A section 2.5).
void turn_write_protection_off() {
    write_cr4(read_cr4() & ~kCr4ControlFlow);
    write_cr0(read_cr0() & ~kCr0WriteProtect);
}

/// The record's page tables must allow this access to all pages from `start` to `end`. A table that
/// can't be read isn't known to be wrong: foreign callers need not have it mapped.
void check_mapped(const BatonHandoff& record, const std::byte* start, const std::byte* end,
                  uint64_t error_code) {
    const PagingMode mode =
        paging_mode(record.cr0, record.page_table_root, record.cr4, record.efer, physical_bits());
    for (const std::byte* page = start; page < end; page += kPageBytes) {
        const auto address = reinterpret_cast<uint64_t>(page);
        const PageWalk walk = walk_page_tables(address, mode, physical_memory());
        const Verdict verdict = judge(walk, access_of(error_code), mode);
        if (verdict.denial != Denial::none && verdict.denial != Denial::unreadable)
            refuse_page_tables(address, error_code);
    }
}

/// Under page tables that don't map stage 2 nothing could be reported any more.
void check_page_tables(const BatonHandoff& record) {
    check_mapped(record, stage2_start, stage2_load_end, kPageErrorFetch);
    check_mapped(record, stage2_writable, stage2_memory_end, kPageErrorWrite);
    load_stack_segment(kDataSelector); // exceptions on stacks of their own have made it null
}

/// The machine under the kernel's page tables, with nothing in CR4 that these don't need: the rest
/// may depend on CR0.WP. A machine check is an exception that can be reported while CR4.MCE is set,
/// else it is a reset.
void load_page_tables(const BatonHandoff& record) {
    write_msr(kMsrEfer, record.efer | kEferLongModeActive); // before CR3: the tables have NX bits
    // CR4.PGE goes first, so that no global translation of the firmware's survives the change of
    // CR3 (Intel SDM 3A section 4.10.4.1).
    constexpr uint64_t kCr4 = kCr4PhysicalAddressExtension | kCr4MachineCheck;
    const uint64_t la57_now = read_cr4() & kCr4La57;
    const uint64_t la57 = record.cr4 & kCr4La57;
    const uint64_t cr0 = record.cr0 & ~kCr0WriteProtect;
    write_cr4(kCr4 | la57_now);
    write_cr0(cr0);
    STAGE2_PLACE(stage2_before_cr3);
    if (la57 == la57_now)
        write_cr3(record.page_table_root);
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

void reset_fpu() {
    fpu_state.control_word = 0x37f; // as after FNINIT: Intel SDM 1 section 8.1.5
    fpu_state.mxcsr = 0x1f80;       // as at reset: Intel SDM 1 section 10.2.3
    asm volatile("fxrstor64 %0" : : "m"(fpu_state));
}

/// What the kernel finds in the registers that paging doesn't depend on, and write protection.
void set_machine_state(const BatonHandoff& record) {
    write_cr0(record.cr0);
    write_msr(kMsrPat, record.pat);
    write_cr4(record.cr4); // PGE changes, so no translation made under the old PAT survives
    write_dr7(kDr7Reset);
    reset_fpu();
}

void stamp(const BatonHandoff& record, BatonHandoffStep step, uint64_t tsc) {
    if (record.time_stamps == 0)
        return;
    const uint64_t address = record.time_stamps + uint64_t{step} * record.time_stamp_bytes;
    *reinterpret_cast<uint64_t*>(address) = tsc;
}

} // namespace
} // namespace baton::stage2

/// On stage 2's own stack, with interrupts off. The record has been checked (check.asm).
void stage2_run(const BatonHandoff* given) {
    using namespace baton::stage2;
    turn_write_protection_off();
    install_fault_reports(*given);
    note(BATON_CRASH_RECORD_HANDED_OVER);
    const BatonHandoff& record = fault_state.handoff;

    set_step(BATON_STEP_TABLES);
    check_page_tables(record);
    load_page_tables(record);
    stamp(record, BATON_STEP_ENTERED, fault_state.entered);
    stamp(record, BATON_STEP_TABLES, read_tsc());

    set_step(BATON_STEP_COPY);
    load_segments(record);
    stamp(record, BATON_STEP_COPY, read_tsc());

    set_step(BATON_STEP_STATE);
    set_machine_state(record);
    stamp(record, BATON_STEP_STATE, read_tsc());

    set_step(BATON_STEP_KERNEL);
    note(BATON_CRASH_RECORD_KERNEL_ENTERED);
    enter_kernel(record.boot_info, record.kernel_entry, record.kernel_stack_top);
}

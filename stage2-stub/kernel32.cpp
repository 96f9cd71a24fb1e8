// SPDX-License-Identifier: BSD-2-Clause
#include "stage2-stub/kernel32.hpp"

#include "cpu/constants.hpp"
#include "cpu/descriptors.hpp"
#include "cpu/instructions.hpp"
#include "stage2-stub/fault.hpp"
#include "stage2-stub/report.hpp"

namespace baton::stage2 {
namespace {

/// What fault_entry32.asm saves, from the lowest address on.
struct SavedState {
    uint32_t efer, cr0, cr2, cr3, cr4;
    uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax; // PUSHAD
    uint32_t vector;
    uint32_t pushed[4]; // by the processor: an error code, if there is one; EIP, CS, EFLAGS
};
static_assert(sizeof(SavedState) == 18 * sizeof(uint32_t));

cpu::Gate32 gates32[cpu::kExceptions];

} // namespace
} // namespace baton::stage2

extern "C" {
extern const std::byte vector_stubs32[]; // fault_entry32.asm, as the next one
extern uint32_t tables_of_reports[3];
extern const uint64_t gdt32[5]; // gdt.asm
[[noreturn]] void report_fault32(const baton::stage2::SavedState* saved);
}

namespace baton::stage2 {

void prepare_kernel32(const BatonHandoff& record) {
    constexpr std::size_t kStubBytes = 4;
    for (std::size_t vector = 0; vector < cpu::kExceptions; ++vector) {
        const auto stub = reinterpret_cast<uint64_t>(vector_stubs32 + vector * kStubBytes);
        gates32[vector] = cpu::interrupt_gate32(static_cast<uint32_t>(stub), cpu::kSelector32Gate);
    }
    tables_of_reports[0] = static_cast<uint32_t>(record.page_table_root);
    tables_of_reports[1] = static_cast<uint32_t>(cpu::kCr4Pae | (record.cr4 & cpu::kCr4La57));
    tables_of_reports[2] = static_cast<uint32_t>(record.efer & ~cpu::kEferLma);
    cpu::write_gdtr(cpu::table_register(gdt32));
    cpu::write_idtr(cpu::table_register(gates32));
}

} // namespace baton::stage2

/// On stage 2's own stack, under the record's page tables.
void report_fault32(const baton::stage2::SavedState* saved) {
    using namespace baton;
    const bool has_error_code = (cpu::kVectorsWithErrorCode >> saved->vector & 1) != 0;
    const uint32_t* const pushed = saved->pushed + (has_error_code ? 1 : 0);
    FaultFrame frame{};
    frame.rax = saved->eax;
    frame.rbx = saved->ebx;
    frame.rcx = saved->ecx;
    frame.rdx = saved->edx;
    frame.rsi = saved->esi;
    frame.rdi = saved->edi;
    frame.rbp = saved->ebp;
    frame.vector = saved->vector;
    frame.error_code = has_error_code ? saved->pushed[0] : kNoErrorCode;
    frame.rip = pushed[0];
    frame.cs = pushed[1] & 0xffff;
    frame.rflags = pushed[2];
    // From the vector on, up to EFLAGS.
    frame.rsp = saved->esp + (has_error_code ? 5 : 4) * sizeof(uint32_t);
    frame.ss = cpu::kSelector32Data;
    stage2::load_report_tables();
    stage2::report_of_32_bits(frame, {.cr0 = saved->cr0,
                                      .cr2 = saved->cr2,
                                      .cr3 = saved->cr3,
                                      .cr4 = saved->cr4,
                                      .efer = saved->efer});
}

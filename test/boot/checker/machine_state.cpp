// SPDX-License-Identifier: BSD-2-Clause
//
// The registers at the kernel's first instruction.
#include "context.hpp"
#include "cpu.hpp"

namespace {

// CR0 (Intel SDM 3A section 2.5): PE, MP, ET, NE, WP, PG.
constexpr uint64_t kCr0 = 1u << 0 | 1u << 1 | 1u << 4 | 1u << 5 | 1u << 16 | 1u << 31;
// CR4: PAE, PGE, OSFXSR, OSXMMEXCPT.
constexpr uint64_t kCr4 = 1u << 5 | 1u << 7 | 1u << 9 | 1u << 10;
// EFER (Intel SDM 4, MSR C0000080h): LME, LMA, NXE.
constexpr uint64_t kEfer = 1u << 8 | 1u << 10 | 1u << 11;
// Its value after power-on (Intel SDM 3A section 11.12.4), with write-combining in entry 5.
constexpr uint64_t kPat = 0x0007'0106'0007'0406;
constexpr uint64_t kInterruptFlag = 1u << 9;
constexpr uint64_t kDirectionFlag = 1u << 10;
constexpr uint16_t kCode = 0x08;
constexpr uint16_t kData = 0x10;

void check_general_registers(Context& context) {
    Promise promise(context.tally, "general_registers_zero");
    const EntryState& entry = context.entry;
    promise.expect_equal(entry.rax, 0, "rax");
    promise.expect_equal(entry.rbx, 0, "rbx");
    promise.expect_equal(entry.rcx, 0, "rcx");
    promise.expect_equal(entry.rdx, 0, "rdx");
    promise.expect_equal(entry.rsi, 0, "rsi");
    promise.expect_equal(entry.rbp, 0, "rbp");
    promise.expect_equal(entry.r8, 0, "r8");
    promise.expect_equal(entry.r9, 0, "r9");
    promise.expect_equal(entry.r10, 0, "r10");
    promise.expect_equal(entry.r11, 0, "r11");
    promise.expect_equal(entry.r12, 0, "r12");
    promise.expect_equal(entry.r13, 0, "r13");
    promise.expect_equal(entry.r14, 0, "r14");
    promise.expect_equal(entry.r15, 0, "r15");
}

void check_flags(Context& context) {
    Promise promise(context.tally, "interrupt_and_direction_flag_clear");
    promise.expect_equal(context.entry.rflags & (kInterruptFlag | kDirectionFlag), 0, "rflags");
}

void check_stack_pointer(Context& context) {
    Promise promise(context.tally, "stack_pointer");
    const BatonBootInfo& info = context.info;
    promise.expect_equal((context.entry.rsp() + 8) % 16, 0, "(rsp + 8) % 16");
    promise.expect_equal(context.entry.rsp(), info.stack_base + info.stack_bytes - 8,
                         "rsp is 8 below the stack's end");
    promise.expect_equal(context.entry.return_address, 0, "return address");
}

void check_control_registers(Context& context) {
    Promise promise(context.tally, "control_registers");
    promise.expect_equal(read_cr0(), kCr0, "cr0");
    promise.expect_equal(read_cr4(), kCr4, "cr4");
    promise.expect_equal(read_msr(Msr::efer), kEfer, "efer");
    promise.expect_equal(read_msr(Msr::pat), kPat, "pat");
}

void check_segment_registers(Context& context) {
    Promise promise(context.tally, "segment_registers");
    const Selectors selectors = read_selectors();
    promise.expect_equal(selectors.cs, kCode, "cs");
    promise.expect_equal(selectors.ss, kData, "ss");
    promise.expect_equal(selectors.ds, kData, "ds");
    promise.expect_equal(selectors.es, kData, "es");
    promise.expect_equal(selectors.fs, kData, "fs");
    promise.expect_equal(selectors.gs, kData, "gs");
    promise.expect_equal(read_msr(Msr::fs_base), 0, "fs base");
    promise.expect_equal(read_msr(Msr::gs_base), 0, "gs base");
}

void check_fpu(Context& context) {
    Promise promise(context.tally, "x87_and_sse_reset");
    const FpuState& fpu = context.fpu;
    promise.expect_equal(fpu.control_word, 0x37f, "x87 control word");
    promise.expect_equal(fpu.status_word, 0, "x87 status word");
    promise.expect_equal(fpu.tags_in_use, 0, "x87 registers in use");
    promise.expect_equal(fpu.mxcsr, 0x1f80, "mxcsr");
    for (unsigned i = 0; i < fpu.xmm.size(); ++i)
        promise.expect(fpu.xmm[i] == 0, "an xmm register is zero", i / 2, fpu.xmm[i]);
}

/// The loader's GDT and IDT stay in use until the kernel has its own.
void check_descriptor_tables(Context& context) {
    Promise promise(context.tally, "descriptor_tables_mapped");
    constexpr unsigned kExceptions = 32;
    constexpr unsigned kGateBytes = 16;
    const TableRegister gdt = read_gdtr();
    const TableRegister idt = read_idtr();
    promise.expect(gdt.limit >= kData + 7, "the GDT holds both selectors", gdt.limit);
    promise.expect(idt.limit >= kExceptions * kGateBytes - 1, "the IDT has 32 gates", idt.limit);
    for (const TableRegister& table : {gdt, idt}) {
        const Translation place = context.tables.translate(table.base);
        promise.expect(place.present, "the table is mapped", table.base);
        promise.expect(context.is_all(place.physical, table.limit, BATON_MEMORY_LOADER_RECLAIMABLE),
                       "the table is in reclaimable memory", table.base, place.physical);
    }
}

} // namespace

void check_machine_state(Context& context) {
    check_general_registers(context);
    check_flags(context);
    check_stack_pointer(context);
    check_control_registers(context);
    check_segment_registers(context);
    check_fpu(context);
    check_descriptor_tables(context);
}

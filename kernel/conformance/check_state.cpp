// SPDX-License-Identifier: BSD-2-Clause
//
// S: the machine state at the kernel's first instruction.
#include "context.hpp"
#include "own_image.hpp"
#include "processor.hpp"

#include <cstring>

namespace conformance {
namespace {

// CR0 (Intel SDM 3A section 2.5): PE, MP, ET, NE, WP, PG.
constexpr uint64_t kCr0 = 1u << 0 | 1u << 1 | 1u << 4 | 1u << 5 | 1u << 16 | 1u << 31;
// CR4: PAE, PGE, OSFXSR, OSXMMEXCPT; and LA57.
constexpr uint64_t kCr4 = 1u << 5 | 1u << 7 | 1u << 9 | 1u << 10;
constexpr uint64_t kCr4La57 = 1u << 12;
// EFER (Intel SDM 4, MSR C0000080h): LME, LMA, NXE.
constexpr uint64_t kEfer = 1u << 8 | 1u << 10 | 1u << 11;
// As after power-on (Intel SDM 3A section 11.12.4), but entry 5 is write-combining.
constexpr uint64_t kPat = 0x0007'0106'0007'0406;
constexpr uint64_t kRflags = 2; // the bit that is always 1
constexpr uint16_t kCodeSelector = 0x08;
constexpr uint16_t kDataSelector = 0x10;
// Descriptors, "accessed" (Intel SDM 3A section 3.4.5): 64-bit code, data; base 0, no limit.
constexpr uint64_t kCodeDescriptor = 0x00af'9b00'0000'ffff;
constexpr uint64_t kDataDescriptor = 0x00cf'9300'0000'ffff;
constexpr uint16_t kTaskSelector = 0x20;
constexpr unsigned kVectors = 256;
constexpr unsigned kInterruptStacks = 7;
constexpr uint64_t kTaskStateBytes = 104;

void check_entry(Verdict& verdict, const Context& context) {
    verdict.equal("kernel_entry", own_image::entry(), context.info.kernel_entry);
}

void check_boot_info_pointer(Verdict& verdict, const Context& context) {
    context.expect_record(verdict, "RDI in the direct map, in the loader's memory",
                          context.entry.rdi, context.info.size);
}

void check_stack_pointer(Verdict& verdict, const Context& context) {
    const uint64_t rsp = context.entry.rsp;
    verdict.equal("rsp", context.info.stack_base + context.info.stack_bytes - 8, rsp);
    verdict.equal("(rsp + 8) % 16", 0, (rsp + 8) % 16);
    verdict.expect(context.is_mapped(rsp, 8), "a mapped stack", rsp);
    if (context.is_mapped(rsp, 8))
        verdict.equal("return address", 0, *reinterpret_cast<const uint64_t*>(rsp));
}

void check_general_registers(Verdict& verdict, const Context& context) {
    const EntryState& entry = context.entry;
    verdict.equal("rax", 0, entry.rax);
    verdict.equal("rbx", 0, entry.rbx);
    verdict.equal("rcx", 0, entry.rcx);
    verdict.equal("rdx", 0, entry.rdx);
    verdict.equal("rsi", 0, entry.rsi);
    verdict.equal("rbp", 0, entry.rbp);
    verdict.equal("r8", 0, entry.r8);
    verdict.equal("r9", 0, entry.r9);
    verdict.equal("r10", 0, entry.r10);
    verdict.equal("r11", 0, entry.r11);
    verdict.equal("r12", 0, entry.r12);
    verdict.equal("r13", 0, entry.r13);
    verdict.equal("r14", 0, entry.r14);
    verdict.equal("r15", 0, entry.r15);
}

void check_rflags(Verdict& verdict, const Context& context) {
    verdict.equal("rflags", kRflags, context.entry.rflags);
}

void check_cr0(Verdict& verdict, const Context& context) {
    verdict.equal("cr0", kCr0, context.entry.cr0);
}

void check_cr3(Verdict& verdict, const Context& context) {
    verdict.equal("cr3", context.info.kernel_cr3, context.entry.cr3);
    verdict.equal("its low 12 bits", 0, context.entry.cr3 % kPageBytes);
}

void check_cr4(Verdict& verdict, const Context& context) {
    const uint64_t la57 = context.has_flag(BATON_FLAG_5_LEVEL) ? kCr4La57 : 0;
    verdict.equal("cr4", kCr4 | la57, context.entry.cr4);
}

void check_efer(Verdict& verdict, const Context&) {
    verdict.equal("efer", kEfer, read_msr(kMsrEfer));
}

void check_pat(Verdict& verdict, const Context&) {
    verdict.equal("pat", kPat, read_msr(kMsrPat));
}

void check_selectors(Verdict& verdict, const EntryState& entry) {
    verdict.equal("cs", kCodeSelector, entry.cs);
    verdict.equal("ss", kDataSelector, entry.ss);
    verdict.equal("ds", kDataSelector, entry.ds);
    verdict.equal("es", kDataSelector, entry.es);
    verdict.equal("fs", kDataSelector, entry.fs);
    verdict.equal("gs", kDataSelector, entry.gs);
    verdict.equal("ldtr", 0, entry.ldtr);
}

void check_segments(Verdict& verdict, const Context& context) {
    check_selectors(verdict, context.entry);
    verdict.equal("fs base", 0, read_msr(kMsrFsBase));
    verdict.equal("gs base", 0, read_msr(kMsrGsBase));
}

/// Whether a descriptor table can be read; it must lie in memory of the loader's.
bool expect_table(Verdict& verdict, const Context& context, const TableRegister& table) {
    const uint64_t bytes = uint64_t{table.limit} + 1;
    const bool is_mapped = context.is_mapped(table.base, bytes);
    verdict.expect(is_mapped, "a mapped table", table.base);
    const uint64_t physical = context.tables.translate(table.base).physical;
    verdict.expect(context.is_all(physical, bytes, BATON_MEMORY_LOADER_RECLAIMABLE),
                   "a table in the loader's memory", physical);
    return is_mapped;
}

void check_descriptors(Verdict& verdict, const Context& context) {
    const TableRegister& gdtr = context.entry.gdtr;
    if (!expect_table(verdict, context, gdtr))
        return;
    verdict.expect(gdtr.limit >= kDataSelector + 7, "a limit for both selectors", gdtr.limit);
    const auto* descriptors = reinterpret_cast<const uint64_t*>(gdtr.base);
    verdict.equal("descriptor 0", 0, descriptors[0]);
    verdict.equal("code descriptor", kCodeDescriptor, descriptors[kCodeSelector / 8]);
    verdict.equal("data descriptor", kDataDescriptor, descriptors[kDataSelector / 8]);
}

void check_gdt(Verdict& verdict, const Context& context) {
    const uint64_t base = context.entry.gdtr.base;
    check_descriptors(verdict, context);
    verdict.expect(!context.tables.translate(base).writable, "a read-only table", base);
}

/// The base of the TSS that TR refers to (Intel SDM 3A section 7.2.3); 0 where there is none.
uint64_t task_state(Verdict& verdict, const Context& context) {
    const TableRegister& gdtr = context.entry.gdtr;
    verdict.equal("tr", kTaskSelector, context.entry.tr);
    verdict.expect(gdtr.limit >= kTaskSelector + 15, "a limit for the task", gdtr.limit);
    if (!context.is_mapped(gdtr.base, kTaskSelector + 16))
        return 0;
    const auto* descriptor = reinterpret_cast<const uint64_t*>(gdtr.base + kTaskSelector);
    verdict.equal("type of the task's descriptor", 0x8b, descriptor[0] >> 40 & 0xff);
    const uint64_t base = (descriptor[0] >> 16 & 0xff'ffff) | (descriptor[0] >> 32 & 0xff00'0000) |
                          descriptor[1] << 32;
    verdict.expect(context.is_mapped(base, kTaskStateBytes), "a mapped TSS", base);
    return context.is_mapped(base, kTaskStateBytes) ? base : 0;
}

/// A stack of the TSS: Intel SDM 3A figure 7-11.
void expect_interrupt_stack(Verdict& verdict, const Context& context, uint64_t task,
                            uint64_t number) {
    verdict.expect(number >= 1 && number <= kInterruptStacks, "a stack of its own", number);
    if (number < 1 || number > kInterruptStacks)
        return;
    uint64_t top;
    std::memcpy(&top, reinterpret_cast<const std::byte*>(task + 36 + 8 * (number - 1)), sizeof top);
    constexpr uint64_t kBytes = 1024;
    const Leaf leaf = context.tables.translate(top - kBytes);
    verdict.expect(context.is_mapped(top - kBytes, kBytes) && leaf.writable, "a writable stack",
                   top);
    verdict.expect(context.is_all(leaf.physical, kBytes, BATON_MEMORY_LOADER_RECLAIMABLE),
                   "a stack in the loader's memory", top);
}

/// Interrupt gates (Intel SDM 3A section 6.14.1) to code that is still mapped, each with a stack.
void check_idt(Verdict& verdict, const Context& context) {
    const TableRegister& idtr = context.entry.idtr;
    if (!expect_table(verdict, context, idtr))
        return;
    verdict.equal("the IDT's limit", kVectors * 16 - 1, idtr.limit);
    const uint64_t task = task_state(verdict, context);
    const auto* words = reinterpret_cast<const uint64_t*>(idtr.base);
    for (uint64_t vector = 0; vector < kVectors; ++vector) {
        const uint64_t low = words[2 * vector];
        verdict.equal("type of a gate", 0x8e, low >> 40 & 0xff);
        verdict.equal("selector of a gate", kCodeSelector, low >> 16 & 0xffff);
        const uint64_t handler =
            (low & 0xffff) | (low >> 32 & 0xffff'0000) | words[2 * vector + 1] << 32;
        const Leaf leaf = context.tables.translate(handler);
        verdict.expect(leaf.present && leaf.executable, "an executable handler", handler);
        if (task != 0)
            expect_interrupt_stack(verdict, context, task, low >> 32 & 7);
    }
}

/// As after FNINIT (Intel SDM 1 section 8.1.5) and reset (section 10.2.3).
void check_fpu(Verdict& verdict, const Context& context) {
    const FpuState& fpu = context.entry.fpu;
    verdict.equal("x87 control word", 0x37f, fpu.control_word);
    verdict.equal("x87 status word", 0, fpu.status_word);
    verdict.equal("x87 registers in use", 0, fpu.tags_in_use);
    verdict.equal("mxcsr", 0x1f80, fpu.mxcsr);
    for (const uint64_t half : fpu.xmm)
        verdict.equal("an xmm register", 0, half);
}

void check_debug_registers(Verdict& verdict, const Context& context) {
    verdict.equal("dr7", 0x400, context.entry.dr7); // Intel SDM 3B section 17.2.4
}

constexpr Promise kPromises[] = {
    {"S1", "RIP is the entry point, kernel_entry", check_entry},
    {"S2", "RDI is the BootInfo, in the direct map", check_boot_info_pointer},
    {"S3", "RSP is at the top of the stack, with a zero return address", check_stack_pointer},
    {"S4", "the other general registers are 0", check_general_registers},
    {"S5", "RFLAGS is 2: no interrupts, direction up", check_rflags},
    {"S6", "CR0 is PG WP NE ET MP PE", check_cr0},
    {"S7", "CR3 is kernel_cr3", check_cr3},
    {"S8", "CR4 is OSXMMEXCPT OSFXSR PGE PAE, and LA57 if flagged", check_cr4},
    {"S9", "EFER is NXE LMA LME", check_efer},
    {"S10", "PAT is as at power-on, entry 5 write-combining", check_pat},
    {"S11", "CS is 08h, the data selectors are 10h, FS and GS base and LDTR 0", check_segments},
    {"S12", "the GDT is flat, and read-only", check_gdt},
    {"S13", "the IDT reports each vector, on a stack of its own", check_idt},
    {"S14", "x87 and SSE are in their reset state", check_fpu},
    {"S15", "no hardware breakpoint is set", check_debug_registers},
};

} // namespace

std::span<const Promise> state_promises() {
    return kPromises;
}

void check_registers(Verdict& verdict, const Context& context) {
    check_general_registers(verdict, context);
    check_rflags(verdict, context);
    check_cr0(verdict, context);
    check_cr3(verdict, context);
    check_cr4(verdict, context);
    check_selectors(verdict, context.entry);
    check_fpu(verdict, context);
    check_debug_registers(verdict, context);
}

uint64_t check_tables(Verdict& verdict, const Context& context) {
    check_descriptors(verdict, context);
    check_idt(verdict, context);
    return task_state(verdict, context);
}

} // namespace conformance

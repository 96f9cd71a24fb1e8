// SPDX-License-Identifier: BSD-2-Clause
#include "fault/report.hpp"

#include "core/address.hpp"
#include "core/packed_texts.hpp"
#include "cpu/constants.hpp"
#include "cpu/opcodes.hpp"
#include "fault/names.hpp"

#include <cstddef>
#include <cstring>
#include <iterator>

namespace baton {
namespace {

constexpr std::size_t kLabelColumns = 7;
constexpr std::size_t kColumns = 3;
constexpr std::size_t kStackRows = 4;

// The registers of a report, in its order; those of FaultFrame come first.
constexpr auto kRegisterNames = packed_texts(
    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13",
    "r14", "r15", "rip", "rflags", "cs", "ss", "cr0", "cr2", "cr3", "cr4", "efer");
constexpr uint8_t kRegisterOffsets[] = {
    offsetof(FaultFrame, rax),       offsetof(FaultFrame, rbx),
    offsetof(FaultFrame, rcx),       offsetof(FaultFrame, rdx),
    offsetof(FaultFrame, rsi),       offsetof(FaultFrame, rdi),
    offsetof(FaultFrame, rbp),       offsetof(FaultFrame, rsp),
    offsetof(FaultFrame, r8),        offsetof(FaultFrame, r9),
    offsetof(FaultFrame, r10),       offsetof(FaultFrame, r11),
    offsetof(FaultFrame, r12),       offsetof(FaultFrame, r13),
    offsetof(FaultFrame, r14),       offsetof(FaultFrame, r15),
    offsetof(FaultFrame, rip),       offsetof(FaultFrame, rflags),
    offsetof(FaultFrame, cs),        offsetof(FaultFrame, ss),
    offsetof(ControlRegisters, cr0), offsetof(ControlRegisters, cr2),
    offsetof(ControlRegisters, cr3), offsetof(ControlRegisters, cr4),
    offsetof(ControlRegisters, efer)};
constexpr std::size_t kAddressRegisters = 17; // the first of them: rax to rip
constexpr std::size_t kFrameRegisters = 20;

uint64_t register_value(const FaultScene& scene, std::size_t index) {
    const void* const registers =
        index < kFrameRegisters ? static_cast<const void*>(&scene.frame) : &scene.control;
    uint64_t value;
    std::memcpy(&value, static_cast<const std::byte*>(registers) + kRegisterOffsets[index],
                sizeof value);
    return value;
}

class Report {
  public:
    Report(TextWriter& text, const FaultScene& scene) : text_(text), scene_(scene) {}

    void write() {
        headline();
        processor();
        step();
        error();
        if (is_32_bit())
            mode_of_32_bits();
        else if (is_page_fault() || scene_.frame.vector == cpu::kVectorDoubleFault)
            translation();
        else if (is_protection_fault())
            not_canonical();
        else if (scene_.frame.vector == cpu::kVectorInvalidOpcode)
            code_of_32_bits();
        else if (scene_.frame.vector == kWatchdogExpired)
            label("cause")
                .add("no acknowledgement after ")
                .decimal(scene_.handoff.watchdog_seconds)
                .add(" s\n");
        registers();
        stack();
    }

  private:
    void headline();
    void processor();
    void step();
    void error();
    void mode_of_32_bits();
    void translation();
    void cause(const Verdict& verdict);
    void entries(const PageWalk& walk, const Verdict& verdict);
    void not_canonical();
    void code_of_32_bits();
    void registers();
    void stack();

    /// A line's name, in its columns.
    TextWriter& label(std::string_view name) {
        text_.add(name);
        for (std::size_t i = name.size(); i < kLabelColumns; ++i)
            text_.add(' ');
        return text_;
    }
    bool is_32_bit() const { return (scene_.control.efer & cpu::kEferLma) == 0; }
    bool has_error_code() const { return scene_.frame.error_code != kNoErrorCode; }
    bool is_page_fault() const {
        return has_error_code() && (scene_.frame.vector == cpu::kVectorPageFault ||
                                    scene_.frame.vector == kPageTablesRefused);
    }
    bool is_protection_fault() const {
        return scene_.frame.error_code == 0 &&
               (scene_.frame.vector == cpu::kVectorGeneralProtection ||
                scene_.frame.vector == cpu::kVectorStackFault);
    }
    PagingMode mode() const {
        const ControlRegisters& now = scene_.control;
        const BatonHandoff& then = scene_.handoff;
        return scene_.frame.vector == kPageTablesRefused
                   ? paging_mode(now.cr0, then.page_table_root, then.cr4, then.efer,
                                 scene_.physical_bits)
                   : paging_mode(now.cr0, now.cr3, now.cr4, now.efer, scene_.physical_bits);
    }

    TextWriter& text_;
    const FaultScene& scene_;
};

void Report::headline() {
    text_.add("baton: fault: ");
    write_vector(text_, scene_.frame.vector);
    const uint64_t rip = scene_.frame.rip;
    if (scene_.stage2.contains(rip))
        text_.add(", in stage 2 + ").hex(rip - scene_.stage2.base);
    else if (scene_.kernel.contains(rip))
        text_.add(", in kernel + ").hex(rip - scene_.kernel.base);
    else
        text_.add(", at unknown ").hex(rip);
    text_.add('\n');
}

void Report::processor() {
    if (scene_.handoff.processor_count == 0)
        return;
    label("cpu").add("processor ");
    if (scene_.other == nullptr)
        text_.decimal(scene_.handoff.processor_number).add(", which boots\n");
    else
        text_.decimal(scene_.other->processor.number)
            .add(", APIC id ")
            .hex(scene_.other->processor.apic_id)
            .add('\n');
}

void Report::step() {
    const HandoffProgress& progress = scene_.progress;
    if (scene_.frame.vector == kRecordRefused)
        return;
    label("step");
    if (scene_.other != nullptr && scene_.other->entered == 0) {
        text_.add(scene_.other->parked ? "parked\n" : "starting\n");
        return;
    }
    switch (scene_.other != nullptr ? BATON_STEP_KERNEL : progress.step) {
    case BATON_STEP_ENTERED:
        text_.add("loading descriptor tables");
        break;
    case BATON_STEP_TABLES:
        text_.add("loading the page tables at ").hex(scene_.handoff.page_table_root);
        break;
    case BATON_STEP_COPY:
        text_.add(progress.zeroing ? "zeroing the end of segment " : "copying segment ");
        text_.decimal(progress.segment);
        if (progress.to != 0)
            text_.add(progress.zeroing ? ", from " : " to ").hex(progress.to);
        break;
    case BATON_STEP_STATE:
        text_.add("setting the machine state for the kernel");
        break;
    default:
        text_.add(scene_.stage2.contains(scene_.frame.rip) ? "entering the kernel at "
                                                           : "in the kernel, entered at ");
        text_.hex(scene_.other != nullptr ? scene_.other->entered : scene_.handoff.kernel_entry);
        if (scene_.acknowledged)
            text_.add(", acknowledged");
    }
    text_.add('\n');
}

void Report::error() {
    if (scene_.frame.vector == kPageTablesRefused)
        return;
    if (has_error_code()) {
        label("error").hex(scene_.frame.error_code);
        write_error_code(text_, scene_.frame.vector, scene_.frame.error_code);
        text_.add('\n');
    } else if (pushes_error_code(scene_.frame.vector)) {
        label("error").add("none: raised by an INT instruction\n");
    }
}

void Report::mode_of_32_bits() {
    const bool has_paging = (scene_.control.cr0 & cpu::kCr0Pg) != 0;
    label("mode").add("32-bit protected mode, ").add(has_paging ? "paging on" : "no paging");
    text_.add('\n');
}

/// A kernel for a protocol that enters it in 32-bit mode, by another one.
void Report::code_of_32_bits() {
    const MemoryReader& memory = scene_.virtual_now;
    uint64_t code;
    if (memory.read(memory.context, scene_.frame.rip, code) &&
        cpu::is_only_in_32_bit_code(static_cast<uint8_t>(code)))
        label("cause").add("32-bit code in 64-bit mode\n");
}

/// Of the address in CR2.
void Report::translation() {
    const PageAccess access = access_of(scene_.frame.error_code);
    const PagingMode mode = this->mode();
    const PageWalk walk = walk_page_tables(scene_.control.cr2, mode, scene_.physical);
    const Verdict verdict = judge(walk, access, mode);
    if (is_page_fault()) {
        label("cause").add(access.fetch ? "fetch from " : access.write ? "write to " : "read of ");
        text_.hex(scene_.control.cr2, 16);
        cause(verdict);
    }
    entries(walk, verdict);
}

void Report::cause(const Verdict& verdict) {
    const bool is_other = scene_.other != nullptr;
    const uint64_t base =
        is_other ? scene_.other->processor.stack_base : scene_.handoff.kernel_stack_base;
    const uint64_t top =
        is_other ? scene_.other->processor.stack_top : scene_.handoff.kernel_stack_top;
    const uint64_t address = scene_.control.cr2;
    if (base != 0 && base - address - 1 < kPageBytes)
        text_.add(": kernel stack overflow: guard page");
    else if (base != 0 && address - top < kPageBytes)
        text_.add(": above the kernel stack: guard page");
    else if (verdict.denial == Denial::none && scene_.frame.vector == kPageTablesRefused)
        text_.add(": mapped to another address");
    else {
        text_.add(": ").add(denial_in_words(verdict.denial));
        if (verdict.level != 0)
            text_.add(" at level ").decimal(verdict.level);
    }
    text_.add('\n');
}

void Report::entries(const PageWalk& walk, const Verdict& verdict) {
    for (std::size_t i = 0; i < walk.count; ++i) {
        const auto& [physical, entry] = walk.steps[i];
        const unsigned level = walk.level(i);
        label(i == 0 ? "walk" : "").add("level ").decimal(level);
        text_.add(", entry ").decimal(paging::entry_index(walk.address, level), 3);
        text_.add(" at ").hex(physical);
        if (walk.end != WalkEnd::unreadable || i + 1 < walk.count)
            text_.add(": ").hex(entry, 16);
        if (verdict.level == level)
            text_.add(", ").add(denial_in_words(verdict.denial));
        text_.add('\n');
    }
}

/// General protection and stack faults don't report the address. It can't be translated,
/// most of the times.
void Report::not_canonical() {
    bool any = false;
    for (std::size_t i = 0; i < kAddressRegisters; ++i) {
        const VirtAddr address{register_value(scene_, i)};
        if (is_canonical(address, address_bits(mode().five_level)))
            continue;
        if (any)
            text_.add(", ");
        else
            label("cause").add("not a canonical address: ");
        text_.add(kRegisterNames.view(i));
        any = true;
    }
    if (any)
        text_.add('\n');
}

void Report::registers() {
    for (std::size_t i = 0; i < std::size(kRegisterOffsets); ++i) {
        text_.add(i == 0 ? "" : i % kColumns == 0 ? "\n" : "  ");
        label(kRegisterNames.view(i)).hex(register_value(scene_, i), 16);
    }
    text_.add('\n');
}

void Report::stack() {
    const MemoryReader& memory = scene_.virtual_now;
    label("stack");
    uint64_t value = 0;
    std::size_t count = 0;
    for (; count < kStackRows * kColumns; ++count) {
        if (!memory.read(memory.context, scene_.frame.rsp + count * sizeof value, value))
            break;
        if (count != 0)
            text_.add(count % kColumns == 0 ? "\n       " : "  ");
        text_.hex(value, 16);
    }
    text_.add(count == 0 ? "can't be read\n" : "\n");
}

} // namespace

void write_fault_report(TextWriter& text, const FaultScene& scene) {
    Report(text, scene).write();
}

TextWriter& write_vector(TextWriter& text, uint64_t vector) {
    text.add(vector_name(vector));
    if (vector < kPageTablesRefused)
        text.add(", vector ").decimal(vector);
    return text;
}

void write_after_fault(TextWriter& text, BatonAfterFault after, uint32_t reset_after_seconds) {
    text.add("baton: end of report: ");
    switch (after) {
    case BATON_AFTER_FAULT_EXIT:
        text.add("leaving QEMU");
        break;
    case BATON_AFTER_FAULT_RESET:
        text.add("reset in ").decimal(reset_after_seconds).add(" s");
        break;
    default:
        text.add("stopped");
    }
    text.add('\n');
}

} // namespace baton

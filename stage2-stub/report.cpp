// SPDX-License-Identifier: BSD-2-Clause
//
// From an exception to the ports, the screen and the crash record.
#include "stage2-stub/report.hpp"

#include "cpu/constants.hpp"
#include "cpu/instructions.hpp"
#include "stage2-stub/after_fault.hpp"
#include "stage2-stub/attempt.hpp"
#include "stage2-stub/crash_record.hpp"
#include "stage2-stub/fault.hpp"
#include "stage2-stub/memory.hpp"
#include "stage2-stub/ports.hpp"
#include "stage2-stub/processor.hpp"
#include "stage2-stub/screen.hpp"
#include "stage2-stub/segments.hpp"

#include <algorithm>

extern "C" {
extern const std::byte stage2_load_end[]; // of the linker script
void report_fault(baton::FaultFrame* frame);
}

namespace baton::stage2 {
namespace {

char note_memory[160];
char end_memory[160];
uint32_t lock_of_reports;
uint32_t waiting; // processors, for it

/// A fault while another one is reported.
struct InnerFault {
    uint64_t vector;
    uint64_t rip;
    uint64_t cr2;
};
InnerFault inner_fault;

CodeRange stage2_range() {
    const auto base = reinterpret_cast<uint64_t>(stage2_start);
    return {base, reinterpret_cast<uint64_t>(stage2_load_end) - base};
}

/// Where the segments go to. Nowhere, if the kernel has unmapped the list of them.
CodeRange kernel_range(const BatonHandoff& handoff) {
    uint64_t first = ~uint64_t{0};
    uint64_t end = 0;
    const bool is_whole = try_to([&] {
        for (uint32_t i = 0; i < handoff.segment_count; ++i) {
            const BatonHandoffSegment& segment = segment_at(handoff, i);
            if (segment.memory_bytes == 0)
                continue;
            first = std::min(first, segment.destination);
            end = std::max(end, segment.destination + segment.memory_bytes);
        }
    });
    return is_whole && first < end ? CodeRange{first, end - first} : CodeRange{};
}

ControlRegisters read_control_registers() {
    return {.cr0 = cpu::read_cr0(),
            .cr2 = cpu::read_cr2(),
            .cr3 = cpu::read_cr3(),
            .cr4 = cpu::read_cr4(),
            .efer = cpu::read_msr(cpu::kMsrEfer)};
}

bool has_acknowledged() {
    uint64_t word = 0; // and what follows it in BootInfo
    const uint64_t address = fault_state.handoff.acknowledgement;
    return address != 0 && virtual_memory().read(nullptr, address, word) &&
           static_cast<uint32_t>(word) != 0;
}

/// Whether an NMI of now is the watchdog's. Its clock is another one, and tsc_hz may be measured
/// badly.
bool is_watchdogs_time() {
    const BatonHandoff& handoff = fault_state.handoff;
    return handoff.watchdog_seconds != 0 &&
           cpu::read_tsc() - fault_state.entered >= handoff.watchdog_seconds * handoff.tsc_hz / 2;
}

/// The exception, and a report of so many bytes, which is in place.
void note_fault(const FaultFrame& frame, std::size_t text_bytes) {
    crash_record.rip = frame.rip;
    crash_record.vector = static_cast<uint32_t>(frame.vector);
    crash_record.text_bytes = static_cast<uint32_t>(text_bytes);
    note(BATON_CRASH_RECORD_FAULT);
}

void describe(TextWriter& text, const FaultFrame& frame, const ControlRegisters& control,
              const MemoryReader& virtual_now) {
    const Processor& me = this_processor();
    const ProcessorProgress progress{.processor = *me.entry,
                                     .parked = me.state() >= ProcessorState::parked,
                                     .entered = me.entered};
    write_fault_report(text, {.frame = frame,
                              .control = control,
                              .handoff = fault_state.handoff,
                              .progress = fault_state.progress,
                              .other = me.entry != nullptr ? &progress : nullptr,
                              .stage2 = stage2_range(),
                              .kernel = kernel_range(fault_state.handoff),
                              .acknowledged = has_acknowledged(),
                              .physical_bits = physical_bits(),
                              .physical = physical_memory(),
                              .virtual_now = virtual_now});
}

void describe_inner(TextWriter& text, const char* where) {
    text.add("baton: fault ").add(where).add(": ");
    write_vector(text, inner_fault.vector);
    text.add(", rip ").hex(inner_fault.rip).add(", cr2 ").hex(inner_fault.cr2).add('\n');
}

/// After it, the next exception leaves alone what is on the stack of this one.
void use_inner_stacks(Processor& me) {
    me.task.interrupt_stacks[0] = me.inner_stack.top();
    me.task.interrupt_stacks[1] = me.inner_stack.top();
}

void show_on_screen(std::string_view report, std::string_view end) {
    const BatonHandoff& handoff = fault_state.handoff;
    if (handoff.framebuffer_physical == 0)
        return;
    Screen screen(handoff, physical_offset() + handoff.framebuffer_physical);
    screen.write(report);
    screen.write(end);
}

/// What comes after a report: a processor that has not been parked stops, and so do all but the
/// last one of several that report.
BatonAfterFault after_report() {
    const Processor& me = this_processor();
    const BatonHandoff& handoff = fault_state.handoff;
    if (me.entry != nullptr && me.state() < ProcessorState::parked)
        return BATON_AFTER_FAULT_HALT;
    if (handoff.processor_count != 0) // what kills one often kills others, a little later
        wait(handoff.tsc_hz / 64);
    return __atomic_load_n(&waiting, __ATOMIC_ACQUIRE) != 0
               ? BATON_AFTER_FAULT_HALT
               : static_cast<BatonAfterFault>(handoff.after_fault);
}

[[noreturn, gnu::noinline]] void end_report(BatonAfterFault after) {
    if (after == BATON_AFTER_FAULT_HALT)
        unlock_reports();
    end_after_fault(fault_state.handoff, after); // a debugger stops there
}

[[noreturn]] void report_first(const FaultFrame& frame, const ControlRegisters& control,
                               const MemoryReader& virtual_now) {
    Processor& me = this_processor();
    me.is_reporting = true;
    use_inner_stacks(me);
    lock_reports();
    BatonHandoff& handoff = fault_state.handoff;
    TextWriter report(crash_record.text);
    TextWriter end(end_memory);
    if (!try_to([&] { describe(report, frame, control, virtual_now); }))
        describe_inner(report, "in this report");
    note_fault(frame, report.view().size());

    write_to_ports(handoff, report.view());
    const BatonAfterFault after = after_report();
    write_after_fault(end, after, handoff.reset_after_seconds);
    if (!try_to([&] { show_on_screen(report.view(), end.view()); })) {
        TextWriter note(note_memory);
        describe_inner(note, "while drawing on the screen");
        write_to_ports(handoff, note.view());
    }
    write_to_ports(handoff, end.view());
    end_report(after);
}

[[noreturn]] void report_first(const FaultFrame& frame) {
    report_first(frame, read_control_registers(), virtual_memory());
}

/// What happens while something is attempted, and by its doing: it ends the attempt.
[[noreturn]] void report_inner(const FaultFrame& frame) {
    inner_fault = {.vector = frame.vector, .rip = frame.rip, .cr2 = cpu::read_cr2()};
    if (has_attempt())
        abandon_attempt();
    end_report(after_report());
}

} // namespace

void lock_reports() {
    __atomic_fetch_add(&waiting, 1, __ATOMIC_ACQ_REL);
    while (__atomic_exchange_n(&lock_of_reports, 1, __ATOMIC_ACQUIRE) != 0)
        cpu::pause();
    __atomic_fetch_sub(&waiting, 1, __ATOMIC_ACQ_REL);
}

void unlock_reports() {
    __atomic_store_n(&lock_of_reports, 0, __ATOMIC_RELEASE);
}

void report_refusal(uint64_t vector, uint64_t error_code) {
    FaultFrame frame{};
    frame.vector = vector;
    frame.error_code = error_code;
    frame.rip = reinterpret_cast<uint64_t>(__builtin_return_address(0));
    frame.cs = cpu::kSelectorCode64;
    frame.rflags = __builtin_ia32_readeflags_u64();
    frame.rsp = reinterpret_cast<uint64_t>(__builtin_frame_address(0)) + 2 * sizeof(uint64_t);
    frame.ss = cpu::kSelectorData;
    report_first(frame);
}

void report_of_32_bits(const FaultFrame& frame, const ControlRegisters& control) {
    const bool has_paging = (control.cr0 & cpu::kCr0Pg) != 0;
    report_first(frame, control, has_paging ? unreadable_memory() : physical_memory());
}

void refuse_record(const BatonHandoff& given, BatonHandoffRefusal refusal) {
    install_fault_reports(given);
    BatonHandoff& record = fault_state.handoff;
    if (refusal <= BATON_REFUSED_SIZE) // it isn't known what its bytes mean
        record = {};
    record.segment_count = 0; // the arrays may be anywhere
    record.processor_count = 0;
    report_refusal(kRecordRefused, refusal);
}

} // namespace baton::stage2

/// Called by the stubs. Comes back if it was an NMI that means nothing.
void report_fault(baton::FaultFrame* frame) {
    using namespace baton;
    using namespace baton::stage2;
    frame->vector = static_cast<uint8_t>(frame->vector); // as the stubs push it
    const bool is_nmi = frame->vector == cpu::kVectorNmi;
    if (is_nmi && is_watchdogs_time())
        frame->vector = kWatchdogExpired;
    const bool is_reporting = this_processor().is_reporting;
    if (is_nmi && (is_reporting || (frame->vector == kWatchdogExpired && has_acknowledged())))
        return;
    if (!is_nmi && (is_reporting || has_attempt()))
        report_inner(*frame);
    report_first(*frame);
}

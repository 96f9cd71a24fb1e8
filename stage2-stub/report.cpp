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
#include "stage2-stub/screen.hpp"
#include "stage2-stub/segments.hpp"

#include <algorithm>

extern "C" {
extern const std::byte stage2_start[]; // of the linker script
extern const std::byte stage2_load_end[];
void report_fault(baton::FaultFrame* frame);
}

namespace baton::stage2 {
namespace {

char note_memory[160];
char end_memory[160];
bool reporting;

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

void describe(TextWriter& text, const FaultFrame& frame, const ControlRegisters& control,
              const MemoryReader& virtual_now) {
    write_fault_report(text, {.frame = frame,
                              .control = control,
                              .handoff = fault_state.handoff,
                              .progress = fault_state.progress,
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

void show_on_screen(std::string_view report, std::string_view end) {
    const BatonHandoff& handoff = fault_state.handoff;
    if (handoff.framebuffer_physical == 0)
        return;
    Screen screen(handoff, physical_offset() + handoff.framebuffer_physical);
    screen.write(report);
    screen.write(end);
}

[[noreturn]] void report_first(const FaultFrame& frame, const ControlRegisters& control,
                               const MemoryReader& virtual_now) {
    reporting = true;
    use_inner_stacks();
    BatonHandoff& handoff = fault_state.handoff;
    TextWriter report(crash_record.text);
    TextWriter end(end_memory);
    if (!try_to([&] { describe(report, frame, control, virtual_now); }))
        describe_inner(report, "in this report");
    note_fault(frame, report.view().size());
    write_after_fault(end, handoff);

    write_to_ports(handoff, report.view());
    if (!try_to([&] { show_on_screen(report.view(), end.view()); })) {
        TextWriter note(note_memory);
        describe_inner(note, "while drawing on the screen");
        write_to_ports(handoff, note.view());
    }
    write_to_ports(handoff, end.view());
    end_after_fault(handoff);
}

[[noreturn]] void report_first(const FaultFrame& frame) {
    report_first(frame, read_control_registers(), virtual_memory());
}

/// What happens while something is attempted, and by its doing: it ends the attempt.
[[noreturn]] void report_inner(const FaultFrame& frame) {
    inner_fault = {.vector = frame.vector, .rip = frame.rip, .cr2 = cpu::read_cr2()};
    if (has_attempt())
        abandon_attempt();
    end_after_fault(fault_state.handoff);
}

} // namespace

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
    record.segment_count = 0; // the array may be anywhere
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
    if (is_nmi && (reporting || (frame->vector == kWatchdogExpired && has_acknowledged())))
        return;
    if (!is_nmi && (reporting || has_attempt()))
        report_inner(*frame);
    report_first(*frame);
}

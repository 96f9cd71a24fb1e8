// SPDX-License-Identifier: BSD-2-Clause
#include "boot/handoff_record.hpp"

#include "cpu/constants.hpp"
#include "paging/entry.hpp"

#include <algorithm>
#include <new>

namespace baton {
namespace {

// Control registers at the kernel's first instruction.
constexpr uint64_t kCr0 =
    cpu::kCr0Pe | cpu::kCr0Mp | cpu::kCr0Et | cpu::kCr0Ne | cpu::kCr0Wp | cpu::kCr0Pg;
constexpr uint64_t kCr4 = cpu::kCr4Pae | cpu::kCr4Pge | cpu::kCr4Osfxsr | cpu::kCr4Osxmmexcpt;
constexpr uint64_t kEfer = cpu::kEferLme | cpu::kEferLma | cpu::kEferNxe;

struct Colour {
    uint8_t red, green, blue;
};

/// An 8-bit value as a channel of a pixel.
constexpr uint32_t channel(uint8_t value, unsigned shift, unsigned bits) {
    return (bits < 8 ? uint32_t{value} >> (8 - bits) : uint32_t{value} << (bits - 8)) << shift;
}

uint32_t pixel(const BatonFramebuffer& screen, Colour colour) {
    return channel(colour.red, screen.red_shift, screen.red_bits) |
           channel(colour.green, screen.green_shift, screen.green_bits) |
           channel(colour.blue, screen.blue_shift, screen.blue_bits);
}

/// Faults are reported on as much of a screen as is in the framebuffer's bytes.
void report_on_screen(BatonHandoff& handoff, const BatonFramebuffer& screen) {
    handoff.framebuffer_physical = screen.base_physical;
    handoff.framebuffer_width = screen.width_pixels;
    handoff.framebuffer_height = static_cast<uint32_t>(std::min<uint64_t>(
        screen.height_pixels, screen.pitch_bytes == 0 ? 0 : screen.bytes / screen.pitch_bytes));
    handoff.framebuffer_pitch_bytes = screen.pitch_bytes;
    handoff.framebuffer_pixel_bytes = screen.bits_per_pixel / 8;
    handoff.framebuffer_foreground = pixel(screen, {0xff, 0xff, 0xff});
    handoff.framebuffer_background = pixel(screen, {0x10, 0x18, 0x50});
}

void decide_after_fault(BatonHandoff& handoff, AfterFault after_fault) {
    switch (after_fault.action) {
    case AfterFault::Action::reset:
        handoff.after_fault = BATON_AFTER_FAULT_RESET;
        handoff.reset_after_seconds = after_fault.seconds;
        break;
    case AfterFault::Action::exit:
        handoff.after_fault = BATON_AFTER_FAULT_EXIT;
        handoff.exit_port = kExitPort;
        handoff.exit_value = kExitFaultReported;
        break;
    case AfterFault::Action::stop:
    case AfterFault::Action::unset:
        handoff.after_fault = BATON_AFTER_FAULT_HALT;
    }
}

} // namespace

Result<HandoffRecord> HandoffRecord::make(std::size_t segments, std::size_t processors,
                                          FrameSource& frames, std::span<const PhysRange> avoid) {
    const Block memory =
        TRY(allocate_block(frames,
                           sizeof(BatonHandoff) + segments * sizeof(BatonHandoffSegment) +
                               processors * sizeof(BatonHandoffProcessor),
                           {.use = MemoryUse::handoff_record, .avoid = avoid, .below = k4GiB}));
    auto* const record = new (memory.bytes.data()) BatonHandoff{};
    auto* const first = reinterpret_cast<BatonHandoffSegment*>(record + 1);
    auto* const first_processor = reinterpret_cast<BatonHandoffProcessor*>(first + segments);
    return HandoffRecord{memory, record, {first, segments}, {first_processor, processors}};
}

void HandoffRecord::fill_processors(const Handoff& handoff) const {
    constexpr uint32_t kWaitMs = 5000; // Linux waits 10 s for each
    const ProcessorPlan& plan = *handoff.processors;
    record->processors = memory.base.value + sizeof *record + segments.size_bytes();
    record->processor_count = plan.started;
    record->processor_entry_bytes = sizeof(BatonHandoffProcessor);
    record->trampoline = plan.trampoline.value;
    record->local_apic = plan.local_apic.value;
    record->mailbox = plan.mailbox.value;
    record->processor_wait_ms = kWaitMs;
    record->processor_flags = handoff.processors_required ? BATON_PROCESSORS_REQUIRED : 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < plan.all.size(); ++i) {
        const ListedProcessor& processor = plan.all[i];
        if (!processor.is_started)
            continue;
        const ProcessorWords words = handoff.kernel_record->processor(i);
        processors[count] = {.apic_id = processor.facts.id,
                             .number = i,
                             .area =
                                 plan.areas.value + uint64_t{count} * BATON_PROCESSOR_AREA_BYTES,
                             .stack_base = processor.stack.base.value,
                             .stack_top = processor.stack.end().value,
                             .record = words.record.value,
                             .go = words.go.value,
                             .outcome = words.outcome.value,
                             .parked_tsc = words.parked_tsc.value};
        ++count;
    }
}

void HandoffRecord::fill(const Handoff& handoff) const {
    const LoadPlan& plan = handoff.plan;
    const EntryState& entry = handoff.entry;
    std::ranges::transform(plan.segments, segments.begin(), [&](const Segment& segment) {
        const PhysAddr source = plan.loaded(segment.memory.base);
        const bool is_there = source == plan.physical(segment.memory.base);
        return BatonHandoffSegment{.source_physical =
                                       is_there ? BATON_SOURCE_IN_PLACE : source.value,
                                   .destination = segment.memory.base.value,
                                   .file_bytes = segment.file_bytes,
                                   .memory_bytes = segment.memory.bytes};
    });
    *record = {};
    record->magic = BATON_HANDOFF_MAGIC;
    record->version_major = BATON_HANDOFF_VERSION_MAJOR;
    record->version_minor = BATON_HANDOFF_VERSION_MINOR;
    record->size = sizeof *record;
    record->page_table_root = handoff.page_table_root.value;
    record->direct_map_base = handoff.layout.direct_map.base.value;
    record->segments = memory.base.value + sizeof *record;
    record->segment_count = static_cast<uint32_t>(segments.size());
    record->segment_entry_bytes = sizeof(BatonHandoffSegment);
    record->kernel_entry = plan.entry.value;
    const VirtRange& stack = handoff.layout.stack;
    record->kernel_stack_top =
        entry.is_32_bit ? handoff.stack.value + stack.bytes : stack.end().value;
    record->boot_info = entry.rdi;
    record->cr0 = entry.cr0.value_or(kCr0);
    record->cr4 = entry.cr4.value_or(kCr4) | (handoff.five_level ? cpu::kCr4La57 : 0);
    record->efer = kEfer;
    record->pat = entry.pat.value_or(paging::kPat);
    record->kernel_mode = entry.is_32_bit ? BATON_KERNEL_32_BIT : BATON_KERNEL_64_BIT;
    record->kernel_eax = entry.eax;
    record->kernel_ebx = entry.ebx;
    record->kernel_gdt = entry.segments.table.value;
    record->kernel_gdt_bytes = entry.segments.bytes;
    record->kernel_code_segment = entry.segments.code;
    record->kernel_data_segment = entry.segments.data;
    record->kernel_task_segment = entry.segments.task;
    record->kernel_flags = entry.without_reports ? BATON_KERNEL_WITHOUT_REPORTS : 0;
    record->time_stamp_bytes = sizeof(BatonTimeStamp);
    record->kernel_stack_base = entry.is_32_bit ? 0 : stack.base.value;
    record->acknowledgement = handoff.acknowledgement.value;
    record->tsc_hz = handoff.tsc_hz;
    record->watchdog_seconds = handoff.watchdog_seconds;
    std::ranges::copy(handoff.ports.all(), record->uarts);
    record->debug_port = handoff.ports.debug;
    if (!handoff.displays.empty())
        report_on_screen(*record, handoff.displays.front().framebuffer);
    decide_after_fault(*record, handoff.after_fault);
    if (handoff.processors != nullptr && handoff.processors->started != 0)
        fill_processors(handoff);
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// Starting the other processors: Intel SDM 3A section 8.4.4, ACPI 6.5 section 5.2.12.19.
#include "stage2-stub/processors.hpp"

#include "core/address.hpp"
#include "core/text.hpp"
#include "cpu/constants.hpp"
#include "cpu/descriptors.hpp"
#include "cpu/instructions.hpp"
#include "fault/names.hpp"
#include "record_check/record_check.hpp"
#include "stage2-stub/after_fault.hpp"
#include "stage2-stub/fault.hpp"
#include "stage2-stub/kernel_segments.hpp"
#include "stage2-stub/machine_state.hpp"
#include "stage2-stub/memory.hpp"
#include "stage2-stub/memory_types.hpp"
#include "stage2-stub/ports.hpp"
#include "stage2-stub/processor.hpp"
#include "stage2-stub/report.hpp"

#include <cstring>

extern "C" {
extern const std::byte trampoline_start[]; // trampoline.asm, as the next two
extern const std::byte trampoline_parameters[];
extern const std::byte trampoline_stubs[];
extern const std::byte processor_entry[]; // processor_entry.asm, as the next three
extern const std::byte processor_woken[];
extern const BatonHandoff* record_of_processors;
[[noreturn]] void park_processor(const BatonHandoffProcessor* entry,
                                 baton::stage2::Processor* processor, uint32_t has_monitor);
[[noreturn]] void processor_run(const BatonHandoffProcessor* entry,
                                baton::stage2::Processor* processor);
}

namespace baton::stage2 {
namespace {

struct [[gnu::packed]] TablePointer32 {
    uint16_t limit;
    uint32_t base;
};
struct [[gnu::packed]] FarPointer32 {
    uint32_t offset;
    uint16_t selector;
};
struct [[gnu::packed]] TrampolineParameters {
    uint32_t cr3, cr4, efer;
    FarPointer32 protected_mode;
    FarPointer32 long_mode;
    TablePointer32 real_vectors;
    TablePointer32 gates;
    TablePointer32 segments;
};
struct TrampolineNote {
    uint16_t offset; // of the instruction
    uint8_t vector;
    uint8_t is_there;
};
struct RealVector {
    uint16_t offset;
    uint16_t segment;
};

// In the trampoline's page, after its code and before its stack.
constexpr uint64_t kRealVectors = 1024;
constexpr uint64_t kNotes = 2048; // one for each value of the lowest 8 bits of an APIC id
constexpr uint64_t kGates = kRealVectors + cpu::kExceptions * sizeof(RealVector);

// The processor that waits measures time by its TSC.
constexpr uint64_t kFastestTsc = 8'000'000'000; // Hz
constexpr uint32_t kInit = 0x4500;              // for an APIC's command register, asserted
constexpr uint32_t kStartUp = 0x4600;           // plus the page's number
constexpr uint32_t kIsPending = 0x1000;

volatile uint32_t parked; // processors

uint64_t ticks_of(const BatonHandoff& record, uint32_t milliseconds) {
    const uint64_t hertz = record.tsc_hz != 0 ? record.tsc_hz : kFastestTsc;
    return hertz / 1000 * milliseconds;
}

/// Until the bits of a word that others write have that value, or for so long.
void wait_for(const BatonHandoff& record, uint32_t milliseconds, const volatile uint32_t& word,
              uint32_t mask, uint32_t value) {
    const uint64_t ticks = ticks_of(record, milliseconds);
    for (const uint64_t start = cpu::read_tsc();
         (word & mask) != value && cpu::read_tsc() - start < ticks;)
        cpu::pause();
}

/// Until so many are parked, or nothing has happened for too long after the last one.
void wait_for_all(const BatonHandoff& record, uint32_t expected) {
    const uint64_t ticks = ticks_of(record, record.processor_wait_ms);
    uint64_t last = cpu::read_tsc();
    for (uint32_t count = 0; count != expected && cpu::read_tsc() - last < ticks; cpu::pause()) {
        if (parked == count)
            continue;
        count = parked;
        last = cpu::read_tsc();
    }
}

template<class Value>
volatile Value& at(uint64_t address) {
    return *reinterpret_cast<volatile Value*>(address);
}

const BatonHandoffProcessor& entry_at(const BatonHandoff& record, uint32_t index) {
    return *reinterpret_cast<const BatonHandoffProcessor*>(
        record.processors + uint64_t{index} * record.processor_entry_bytes);
}

Processor& processor_of(const BatonHandoffProcessor& entry) {
    return *reinterpret_cast<Processor*>(entry.area);
}

ProcessorState state_of(const BatonHandoffProcessor& entry) {
    return processor_of(entry).state();
}

void set_outcome(const BatonHandoffProcessor& entry, BatonProcessorOutcome outcome) {
    if (entry.outcome != 0)
        at<uint32_t>(entry.outcome) = outcome;
}

void send(const BatonHandoff& record, const BatonHandoffProcessor& entry, uint32_t command) {
    if (record.local_apic == 0) {
        cpu::write_msr(cpu::kMsrX2apicIcr, uint64_t{entry.apic_id} << 32 | command);
        return;
    }
    at<uint32_t>(record.local_apic + cpu::kApicDestination) = entry.apic_id << 24;
    at<uint32_t>(record.local_apic + cpu::kApicCommand) = command;
    wait_for(record, 1, at<uint32_t>(record.local_apic + cpu::kApicCommand), kIsPending, 0);
}

void send_to_expected(const BatonHandoff& record, uint32_t command) {
    for (uint32_t i = 0; i < record.processor_count; ++i)
        if (state_of(entry_at(record, i)) == ProcessorState::expected)
            send(record, entry_at(record, i), command);
}

const TrampolineNote& note_of(const BatonHandoff& record, const BatonHandoffProcessor& entry) {
    const uint64_t index = entry.apic_id & 0xff;
    return *reinterpret_cast<const TrampolineNote*>(record.trampoline + kNotes +
                                                    index * sizeof(TrampolineNote));
}

bool has_stack(const BatonHandoff& record, const BatonHandoffProcessor& entry) {
    const PagingMode tables =
        paging_mode(record.cr0, record.page_table_root, record.cr4, record.efer, physical_bits());
    const PageWalk walk =
        walk_page_tables(entry.stack_top - sizeof(uint64_t), tables, physical_memory());
    const Denial denial = judge(walk, access_of(kPageErrorWrite), tables).denial;
    return denial == Denial::none || denial == Denial::unreadable;
}

/// "baton: processor 3, APIC id 0x3: "
TextWriter& write_processor(TextWriter& text, const BatonHandoffProcessor& entry) {
    return text.add("baton: processor ")
        .decimal(entry.number)
        .add(", APIC id ")
        .hex(entry.apic_id)
        .add(": ");
}

char text_memory[160];

/// What is wrong with one that has not been parked.
void say_why(BatonHandoff& record, const BatonHandoffProcessor& entry, ProcessorState state) {
    TextWriter text(text_memory);
    write_processor(text, entry);
    const TrampolineNote& note = note_of(record, entry);
    if (state == ProcessorState::given_up)
        text.add("its stack at ").hex(entry.stack_top).add(" is not mapped");
    else if (state == ProcessorState::came)
        text.add("died before it was parked");
    else if (record.mailbox == 0 && note.is_there != 0)
        write_vector(text, note.vector).add(", in the trampoline + ").hex(note.offset % kPageBytes);
    else
        text.add("no answer within ").decimal(record.processor_wait_ms).add(" ms");
    text.add('\n');
    write_to_ports(record, text.view());
}

/// It must not wake up in memory that the kernel has reused: INIT makes it wait again.
void give_up(BatonHandoff& record, const BatonHandoffProcessor& entry) {
    Processor& processor = processor_of(entry);
    const ProcessorState state =
        processor.change_state(ProcessorState::expected, ProcessorState::given_up);
    if (state == ProcessorState::parked)
        return;
    lock_reports(); // it may be writing one
    if (record.mailbox == 0)
        send(record, entry, kInit);
    const bool died = state == ProcessorState::came ||
                      (record.mailbox == 0 && note_of(record, entry).is_there != 0);
    set_outcome(entry, died ? BATON_OUTCOME_FAULT : BATON_OUTCOME_NO_ANSWER);
    say_why(record, entry, state);
    unlock_reports();
}

/// How many are to be started.
uint32_t prepare(BatonHandoff& record) {
    record_of_processors = &record;
    remember_memory_types();
    uint32_t count = record.processor_count;
    for (uint32_t i = 0; i < record.processor_count; ++i) {
        const BatonHandoffProcessor& entry = entry_at(record, i);
        Processor& processor = processor_of(entry);
        std::memset(&processor, 0, offsetof(Processor, fault_stack)); // stacks need not be
        processor.entry = &entry;
        if (has_stack(record, entry))
            continue;
        processor.set_state(ProcessorState::given_up);
        set_outcome(entry, BATON_OUTCOME_FAULT);
        say_why(record, entry, ProcessorState::given_up);
        --count;
    }
    return count;
}

void turn_x2apic_on() {
    const uint64_t base = cpu::read_msr(cpu::kMsrApicBase);
    if ((base & cpu::kApicBaseX2apic) == 0)
        cpu::write_msr(cpu::kMsrApicBase, base | cpu::kApicBaseX2apic);
}

/// The multiprocessor wakeup mailbox.
struct Mailbox {
    uint32_t command; // 16 bits, the others are 0
    uint32_t apic_id;
    uint64_t vector;
};
constexpr uint32_t kWakeUp = 1;

void wake_by_mailbox(const BatonHandoff& record) {
    auto& mailbox = at<Mailbox>(record.mailbox);
    for (uint32_t i = 0; i < record.processor_count; ++i) {
        if (state_of(entry_at(record, i)) != ProcessorState::expected)
            continue;
        mailbox.apic_id = entry_at(record, i).apic_id;
        mailbox.vector = address_of(processor_woken);
        mailbox.command = kWakeUp;
        wait_for(record, record.processor_wait_ms, mailbox.command, ~uint32_t{0}, 0);
        mailbox.command = 0; // if nobody has taken it
    }
}

void wake_by_init(const BatonHandoff& record) {
    if (record.local_apic == 0)
        turn_x2apic_on();
    const auto start_up = kStartUp | static_cast<uint32_t>(record.trampoline / kPageBytes);
    send_to_expected(record, kInit);
    wait(ticks_of(record, 10));
    send_to_expected(record, start_up);
    wait(ticks_of(record, 1)); // at least 200 µs
    send_to_expected(record, start_up);
}

} // namespace

void check_mappings_of_processors(const BatonHandoff& record, const MappingCheck& check) {
    const uint64_t array_bytes = uint64_t{record.processor_count} * record.processor_entry_bytes;
    check.pages(record.processors, record.processors + array_bytes, 0);
    for (uint32_t i = 0; i < record.processor_count; ++i) {
        const uint64_t area = entry_at(record, i).area;
        check.pages(area, area + BATON_PROCESSOR_AREA_BYTES, kPageErrorWrite);
    }
    if (record.mailbox == 0)
        check.pages(record.trampoline, record.trampoline + 1, kPageErrorFetch);
    for (const uint64_t page : {record.local_apic, record.mailbox})
        check.pages(page, page + (page != 0 ? 1 : 0), kPageErrorWrite);
}

void fill_in_trampoline(const BatonHandoff& record) {
    if (record.mailbox != 0)
        return;
    const auto page = static_cast<uint32_t>(record.trampoline);
    const auto offset = [](const std::byte* symbol) {
        return static_cast<uint32_t>(symbol - trampoline_start);
    };
    auto& parameters =
        *reinterpret_cast<TrampolineParameters*>(page + offset(trampoline_parameters));
    auto* const real_vectors = reinterpret_cast<RealVector*>(page + kRealVectors);
    auto* const gates32 = reinterpret_cast<cpu::Gate32*>(page + kGates);
    constexpr uint32_t kStubBytes = 4;
    for (uint32_t vector = 0; vector < cpu::kExceptions; ++vector) {
        const uint32_t stub = offset(trampoline_stubs) + vector * kStubBytes;
        real_vectors[vector] = {.offset = static_cast<uint16_t>(stub),
                                .segment = static_cast<uint16_t>(page >> 4)};
        gates32[vector] = cpu::interrupt_gate32(page + stub, cpu::kSelectorCode32);
    }
    const SegmentTable table = segment_table();
    parameters.cr3 = static_cast<uint32_t>(record.page_table_root);
    parameters.cr4 = static_cast<uint32_t>(cpu::kCr4Pae | (record.cr4 & cpu::kCr4La57));
    parameters.efer = static_cast<uint32_t>(record.efer & ~cpu::kEferLma);
    parameters.protected_mode.offset += page;
    parameters.long_mode.offset = static_cast<uint32_t>(address_of(processor_entry));
    parameters.real_vectors = {.limit = cpu::kExceptions * sizeof(RealVector) - 1,
                               .base = static_cast<uint32_t>(page + kRealVectors)};
    parameters.gates = {.limit = cpu::kExceptions * sizeof(cpu::Gate32) - 1,
                        .base = static_cast<uint32_t>(page + kGates)};
    parameters.segments = {.limit = static_cast<uint16_t>(table.bytes - 1),
                           .base = static_cast<uint32_t>(address_of(table.descriptors))};
}

void start_processors(BatonHandoff& record) {
    const uint32_t expected = prepare(record);
    if (record.mailbox != 0)
        wake_by_mailbox(record);
    else
        wake_by_init(record);
    wait_for_all(record, expected);
    bool are_all_there = expected == record.processor_count;
    for (uint32_t i = 0; i < record.processor_count; ++i) {
        const BatonHandoffProcessor& entry = entry_at(record, i);
        const ProcessorState state = state_of(entry);
        if (state < ProcessorState::parked) {
            give_up(record, entry);
            are_all_there &= state_of(entry) == ProcessorState::parked;
        }
        if (processor_of(entry).repeats == 0 || state == ProcessorState::given_up)
            continue;
        TextWriter text(text_memory);
        write_processor(text, entry).add("another one has the same id, and halts\n");
        write_to_ports(record, text.view());
    }
    if (!are_all_there && (record.processor_flags & BATON_PROCESSORS_REQUIRED) != 0)
        report_refusal(kProcessorMissing, kNoErrorCode);
}

} // namespace baton::stage2

/// Of another processor, on a stack in its area. Up to the segment registers an exception would not
/// be reported.
void processor_run(const BatonHandoffProcessor* entry, baton::stage2::Processor* processor) {
    using namespace baton;
    using namespace baton::stage2;
    const BatonHandoff& record = fault_state.handoff;
    SegmentTable table = record.kernel_gdt_bytes != 0 ? kernel_segments(record) : segment_table();
    std::memcpy(processor->segments, table.descriptors, table.bytes);
    table.descriptors = processor->segments;
    load_segment_table(*processor, table);
    cpu::write_idtr(cpu::table_register(gates));
    use_remembered_memory_types();
    set_machine_state(record);
    if (record.kernel_flags != 0)
        report_no_more(record, table);
    if (entry->parked_tsc != 0)
        at<uint64_t>(entry->parked_tsc) = cpu::read_tsc();
    if (processor->change_state(ProcessorState::came, ProcessorState::parked) !=
        ProcessorState::came)
        cpu::halt();
    set_outcome(*entry, BATON_OUTCOME_PARKED);
    __atomic_fetch_add(&parked, 1, __ATOMIC_ACQ_REL);
    const uint32_t features = cpu::cpuid(cpu::kCpuidFeatures).ecx;
    park_processor(entry, processor, features >> cpu::kCpuidMonitor & 1);
}

// SPDX-License-Identifier: BSD-2-Clause
#include "stage2-stub/fault.hpp"

#include "cpu/constants.hpp"
#include "cpu/instructions.hpp"

#include <cstring>

extern "C" {
extern const std::byte vector_stubs[]; // vectors.asm
extern uint64_t gdt[6];                // gdt.asm: the TSS's descriptor is the last, of two words
}

namespace baton::stage2 {

FaultState fault_state;
Processor boot_processor;
cpu::Gate gates[cpu::kVectors];

namespace {

constexpr uint8_t kFaultStack = 1, kUrgentStack = 2; // in the TSS, from 1
constexpr uint16_t kTaskSelector = 4 * sizeof gdt[0];

/// The descriptor of an available 64-bit TSS, two words: Intel SDM 3A section 7.2.3.
void describe_task(const cpu::TaskState& task, uint64_t* descriptor) {
    constexpr uint64_t kPresent = uint64_t{1} << 47;
    constexpr uint64_t kAvailableTask = uint64_t{9} << 40;
    const auto base = reinterpret_cast<uint64_t>(&task);
    descriptor[0] = (sizeof task - 1) | (base & 0xff'ffff) << 16 | kAvailableTask | kPresent |
                    (base >> 24 & 0xff) << 56;
    descriptor[1] = base >> 32;
}

} // namespace

SegmentTable segment_table() {
    return {.descriptors = gdt,
            .bytes = sizeof gdt,
            .code = cpu::kSelectorCode64,
            .data = cpu::kSelectorData,
            .task = kTaskSelector};
}

void load_segment_table(Processor& processor, const SegmentTable& table) {
    cpu::TaskState& task = processor.task;
    task.interrupt_stacks[kFaultStack - 1] = processor.fault_stack.top();
    task.interrupt_stacks[kUrgentStack - 1] = processor.urgent_stack.top();
    task.io_map_offset = sizeof task; // there is none
    describe_task(task, table.descriptors + table.task / sizeof *table.descriptors);
    cpu::write_gdtr({.limit = static_cast<uint16_t>(table.bytes - 1),
                     .base = reinterpret_cast<uint64_t>(table.descriptors)});
    cpu::load_data_segments(table.data);
    cpu::load_local_table(0);
    cpu::load_task(table.task);
    cpu::load_code_segment(table.code);
}

namespace {

/// 4 bytes for each vector, and 8 more after every 32.
uint64_t stub_of(std::size_t vector) {
    return reinterpret_cast<uint64_t>(vector_stubs + vector * 4 + vector / 32 * 8);
}

void load_gates() {
    for (std::size_t vector = 0; vector < cpu::kVectors; ++vector)
        gates[vector] = cpu::interrupt_gate(stub_of(vector), cpu::kSelectorCode64, kFaultStack);
    for (const auto vector : {cpu::kVectorNmi, cpu::kVectorDoubleFault, cpu::kVectorMachineCheck})
        gates[vector].stack = kUrgentStack;
    cpu::write_idtr(cpu::table_register(gates));
}

} // namespace

void install_fault_reports(const BatonHandoff& record) {
    fault_state.handoff = {};
    fault_state.progress = {};
    // A caller of an earlier version has a shorter record.
    std::memcpy(&fault_state.handoff, &record,
                record.size < sizeof record ? record.size : sizeof record);
    fault_state.entered = cpu::read_tsc();
    load_report_tables();
}

void load_report_tables() {
    load_segment_table(boot_processor, segment_table());
    load_gates();
}

} // namespace baton::stage2

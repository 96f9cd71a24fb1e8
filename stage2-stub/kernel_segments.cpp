// SPDX-License-Identifier: BSD-2-Clause
#include "stage2-stub/kernel_segments.hpp"

namespace baton::stage2 {

SegmentTable kernel_segments(const BatonHandoff& record) {
    return {.descriptors = reinterpret_cast<uint64_t*>(record.kernel_gdt),
            .bytes = record.kernel_gdt_bytes,
            .code = record.kernel_code_segment,
            .data = record.kernel_data_segment,
            .task = record.kernel_task_segment};
}

void use_kernel_segments(const BatonHandoff& record) {
    load_segment_table(boot_processor, kernel_segments(record));
    for (cpu::Gate& gate : gates)
        gate.selector = record.kernel_code_segment;
}

void report_no_more(const BatonHandoff& record, const SegmentTable& table) {
    constexpr uint64_t kEmptyTask = uint64_t{0x89} << 40; // base and limit 0
    if (record.kernel_gdt_bytes != 0) {
        uint64_t* const task = table.descriptors + table.task / sizeof *table.descriptors;
        task[0] = kEmptyTask;
        task[1] = 0;
        cpu::load_task(table.task);
    }
    cpu::write_idtr({});
}

} // namespace baton::stage2

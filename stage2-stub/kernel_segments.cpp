// SPDX-License-Identifier: BSD-2-Clause
#include "stage2-stub/kernel_segments.hpp"

#include "stage2-stub/fault.hpp"

namespace baton::stage2 {

void use_kernel_segments(const BatonHandoff& record) {
    constexpr uint64_t kEmptyTask = uint64_t{0x89} << 40;
    const bool is_silent = (record.kernel_flags & BATON_KERNEL_WITHOUT_REPORTS) != 0;
    if (record.kernel_gdt_bytes != 0) {
        auto* const task =
            reinterpret_cast<uint64_t*>(record.kernel_gdt + record.kernel_task_segment);
        describe_task(fault_state.task, task);
        if (is_silent) { // base and limit 0
            task[0] = kEmptyTask;
            task[1] = 0;
        }
        for (cpu::Gate& gate : gates)
            gate.selector = record.kernel_code_segment;
        cpu::write_gdtr({.limit = static_cast<uint16_t>(record.kernel_gdt_bytes - 1),
                         .base = record.kernel_gdt});
        cpu::load_data_segments(record.kernel_data_segment);
        cpu::load_task(record.kernel_task_segment);
        cpu::load_code_segment(record.kernel_code_segment);
    }
    if (is_silent)
        cpu::write_idtr({});
}

} // namespace baton::stage2

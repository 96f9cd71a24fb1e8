// SPDX-License-Identifier: BSD-2-Clause
#include "stage2-stub/machine_state.hpp"

#include "cpu/constants.hpp"
#include "cpu/instructions.hpp"

#include <cstddef>
#include <cstdint>

namespace baton::stage2 {
namespace {

/// The FXSAVE area: Intel SDM 1 section 10.5.1.
struct alignas(16) FpuState {
    uint16_t control_word;
    uint16_t status_word;
    uint32_t tags_and_opcode;
    uint64_t instruction_pointer;
    uint64_t data_pointer;
    uint32_t mxcsr;
    uint32_t mxcsr_mask;
    std::byte registers[480];
};
static_assert(sizeof(FpuState) == 512);
FpuState fpu_state; // zero but for what reset_fpu() sets: all registers empty and 0

void reset_fpu() {
    fpu_state.control_word = 0x37f; // as after FNINIT: Intel SDM 1 section 8.1.5
    fpu_state.mxcsr = 0x1f80;       // as at reset: Intel SDM 1 section 10.2.3
    asm volatile("fxrstor64 %0" : : "m"(fpu_state));
}

} // namespace

void set_machine_state(const BatonHandoff& record) {
    cpu::write_cr0(record.cr0);
    cpu::write_msr(cpu::kMsrPat, record.pat);
    cpu::write_cr4(record.cr4); // PGE changes, so no translation made under the old PAT survives
    cpu::write_dr7(cpu::kDr7Reset);
    reset_fpu();
}

} // namespace baton::stage2

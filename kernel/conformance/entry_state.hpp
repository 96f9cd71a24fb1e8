// SPDX-License-Identifier: BSD-2-Clause
//
// The processor's registers at the kernel's first instruction, as entry.asm keeps them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace conformance {

struct [[gnu::packed]] TableRegister {
    uint16_t limit;
    uint64_t base;
    uint8_t unused[6];
};

/// FXSAVE area in 64-bit mode (Intel SDM 1 section 10.5.1).
struct FpuState {
    uint16_t control_word;
    uint16_t status_word;
    uint8_t tags_in_use; // a bit for each x87 register
    uint8_t unused[19];
    uint32_t mxcsr;
    uint32_t mxcsr_mask;
    std::array<uint64_t, 16> x87; // ST0 to ST7
    std::array<uint64_t, 32> xmm; // XMM0 to XMM15
    uint64_t unused_end[12];
};
static_assert(sizeof(FpuState) == 512 && offsetof(FpuState, xmm) == 160);

struct alignas(16) EntryState {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp;
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rflags;
    uint64_t tsc;
    uint64_t cr0, cr2, cr3, cr4, cr8;
    uint64_t dr0, dr1, dr2, dr3, dr6, dr7;
    uint16_t cs, ss, ds, es, fs, gs, ldtr, tr;
    TableRegister gdtr, idtr;
    uint64_t unused;
    FpuState fpu;
};
static_assert(offsetof(EntryState, rflags) == 128 && offsetof(EntryState, cs) == 232);
static_assert(offsetof(EntryState, fpu) == 288);

} // namespace conformance

extern "C" conformance::EntryState entry_state;

// SPDX-License-Identifier: BSD-2-Clause
//
// What the registers held at the kernel's first instruction: entry.asm.
#pragma once

#include <cstdint>

enum Register { kRax, kRbx, kRcx, kRdx, kRsi, kRdi, kRbp, kRsp, kRegisters = 16 };
enum Selector { kCs, kSs, kDs, kEs, kFs, kGs, kLdtr, kTr, kSelectors };

struct [[gnu::packed]] TableRegister {
    uint16_t limit;
    uint64_t base;
    uint8_t unused[6];
};

struct EntryState {
    uint64_t general[kRegisters];
    uint64_t rflags, cr0, cr3, cr4;
    uint16_t selectors[kSelectors];
    TableRegister gdtr, idtr;
    uint64_t is_other; // by the request for an entry point
};

extern "C" EntryState entry_state;

; SPDX-License-Identifier: BSD-2-Clause
;
; The kernel's first instructions: from the state that the boot protocol promises into C++.
; In: RDI the BatonBootInfo, RSP the stack with a zero return address on it, interrupts off.

bits 64
default rel

extern kernel_main

global _start:function (_start.end - _start) ; the linker script has a symbol there, too

section .text

_start:
    mov     rsi, rsp            ; second argument: the stack pointer as it was given
    xor     ebp, ebp            ; a debugger's backtrace ends here
    push    rbp                 ; (RSP + 8) % 16 was 0, and a call needs RSP % 16 == 0
    call    kernel_main         ; kernel_main(const BatonBootInfo*, uint64_t entry_rsp)
.halt:
    hlt
    jmp     .halt
.end:

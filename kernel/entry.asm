; SPDX-License-Identifier: BSD-2-Clause
;
; The kernel's first instructions. In: RDI the BatonBootInfo, RSP as at the start of a function,
; interrupts off.

bits 64

extern kernel_main              ; kernel.cpp

global _start:function (_start.end - _start)

section .text

_start:
    xor     ebp, ebp            ; a debugger's backtrace ends here
    push    rbp                 ; a call needs RSP % 16 == 0
    call    kernel_main         ; kernel_main(const BatonBootInfo*), which doesn't return
    ud2
.end:

; SPDX-License-Identifier: BSD-2-Clause
;
; The way out. Position independent.

%include "asm/frames.inc"

bits 64

global enter_kernel
global enter_kernel.jump

section .text align=4

; In:     RDI = for the kernel, RSI = entry point, RDX = stack top, ECX and R8D = EAX and EBX for
;         the kernel.
; Out:    the kernel, with the registers of the boot protocol.
; Mapped: all three, by the kernel's page tables; this block to itself.
enter_kernel:
    frame_begin
    mov rsp, rdx
    frame_no_caller
    push qword 0                    ; the kernel's return address: a backtrace ends there
    push rsi
    push qword 2                    ; RFLAGS: only the bit that is always 1
    mov eax, ecx
    mov ebx, r8d
    zero_all ecx, edx, esi, ebp, r8d, r9d, r10d, r11d, r12d, r13d, r14d, r15d
    popfq
.jump:
    ret
    frame_end

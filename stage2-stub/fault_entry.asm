; SPDX-License-Identifier: BSD-2-Clause
;
; From a vector's stub to the report of it in C++. Position independent.

%include "asm/frames.inc"

bits 64

extern report_fault
global fault_entry:function hidden

section .text.faults progbits alloc exec nowrite

; In:     the vector, the error code if the vector has one, RIP, CS, RFLAGS, RSP, SS on a stack that
;         the processor had aligned.
; Out:    back to where it happened, with all registers as they were, if report_fault returns.
; Mapped: this block to itself; the rest is as it was.
fault_entry:
    test spl, 8
    jnz .has_error_code
    push qword [rsp]
    mov qword [rsp + 8], -1         ; kNoErrorCode
.has_error_code:
    push_all rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
    frame_begin_exception           ; a FaultFrame
    frame_depth 22 * 8
    frame_saved rip, 5 * 8
    frame_saved rsp, 2 * 8
    frame_saved_all 8 * 8, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
    cld
    mov rdi, rsp
    call report_fault
    pop r15                         ; of the frame: a debugger finds it by the return address
    frame_end
    pop_all r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax
    add rsp, 16                     ; vector, error code
    iretq

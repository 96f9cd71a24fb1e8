; SPDX-License-Identifier: BSD-2-Clause
;
; The CPU's way into handle_exception() for each of the 32 exceptions: a stub each, and what they
; have in common.

bits 64
default rel

extern handle_exception         ; exceptions.cpp

global exception_stubs

; Vectors for which the CPU pushes an error code (Intel SDM 3A table 6-1; 29 and 30: AMD APM 2
; section 8.2). The stubs of the others push a zero in its place.
%assign HAS_ERROR_CODE (1 << 8) | (0x1f << 10) | (1 << 17) | (1 << 21) | (1 << 29) | (1 << 30)

section .text

; 32 stubs of 16 bytes. In: the CPU's exception frame on the stack.
align 16
exception_stubs:
%assign vector 0
%rep 32
    align 16
    %if !((HAS_ERROR_CODE >> vector) & 1)
    push    0
    %endif
    push    vector
    jmp     exception_common
    %assign vector vector + 1
%endrep

; Saves what a C++ function may overwrite and calls handle_exception(ExceptionFrame*). The CPU
; aligned RSP to 16 before its own pushes (Intel SDM 3A section 6.14.2); 16 quadwords keep it so.
exception_common:
    push    r11
    push    r10
    push    r9
    push    r8
    push    rdi
    push    rsi
    push    rdx
    push    rcx
    push    rax
    mov     rdi, rsp
    cld
    call    handle_exception
    pop     rax
    pop     rcx
    pop     rdx
    pop     rsi
    pop     rdi
    pop     r8
    pop     r9
    pop     r10
    pop     r11
    add     rsp, 16             ; vector and error code
    iretq

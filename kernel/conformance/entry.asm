; SPDX-License-Identifier: BSD-2-Clause
;
; The first instructions: keep every register as the loader left it, then go to C++ on a stack of
; our own, so that nothing here depends on the promises that are about to be checked.
; In: the state of the boot protocol. Position independent.

bits 64
default rel

extern conformance_main         ; conformance.cpp
extern entry_state              ; entry_state.hpp, in .data: .bss is still to be checked

global _start:function hidden

STACK_BYTES equ 32768

; The same as EntryState in entry_state.hpp.
struc State
.general:   resq 16             ; RAX RBX RCX RDX RSI RDI RBP RSP R8 … R15
.rflags:    resq 1
.tsc:       resq 1
.control:   resq 5              ; CR0 CR2 CR3 CR4 CR8
.debug:     resq 6              ; DR0 … DR3, DR6, DR7
.selectors: resw 8              ; CS SS DS ES FS GS, LDTR, TR
.gdtr:      resw 8              ; limit, base, 6 bytes unused
.idtr:      resw 8
.unused:    resq 1
.fpu:       resb 512            ; FXSAVE area, aligned to 16
endstruc

; save OFFSET, REGISTER…: each to its 8 bytes from entry_state + OFFSET on.
%macro save 2-*
%assign at %1
%rotate 1
%rep %0 - 1
    mov     [entry_state + at], %1
    %assign at at + 8
    %rotate 1
%endrep
%endmacro

; save_by_rax OFFSET, REGISTER…: the same for registers that only a general one can read.
%macro save_by_rax 2-*
%assign at %1
%rotate 1
%rep %0 - 1
    mov     rax, %1
    mov     [entry_state + at], rax
    %assign at at + 8
    %rotate 1
%endrep
%endmacro

section .text

_start:
    save State.general, rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8, r9, r10, r11, r12, r13, r14, r15
    lea     rsp, [stack_top]    ; no flag changes
    pushfq
    pop     qword [entry_state + State.rflags]
    cld
    rdtsc
    mov     [entry_state + State.tsc], eax
    mov     [entry_state + State.tsc + 4], edx
    save_by_rax State.control, cr0, cr2, cr3, cr4, cr8
    save_by_rax State.debug, dr0, dr1, dr2, dr3, dr6, dr7
    mov     [entry_state + State.selectors + 0], cs
    mov     [entry_state + State.selectors + 2], ss
    mov     [entry_state + State.selectors + 4], ds
    mov     [entry_state + State.selectors + 6], es
    mov     [entry_state + State.selectors + 8], fs
    mov     [entry_state + State.selectors + 10], gs
    sldt    [entry_state + State.selectors + 12]
    str     [entry_state + State.selectors + 14]
    sgdt    [entry_state + State.gdtr]
    sidt    [entry_state + State.idtr]
    fxsave64 [entry_state + State.fpu]
    xor     ebp, ebp            ; a backtrace ends here
    call    conformance_main
.halt:
    cli
    hlt
    jmp     .halt

section .data

align 16
    times STACK_BYTES db 0xcc
stack_top:

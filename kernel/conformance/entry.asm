; SPDX-License-Identifier: BSD-2-Clause
;
; The first instructions: keep every register as the loader left it, then go to C++ on a stack of
; our own, so that nothing here depends on the promises that are about to be checked.
; In: the state of the boot protocol. Position independent.

bits 64
default rel

%include "entry_registers.inc"

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
    save_segments
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

; SPDX-License-Identifier: BSD-2-Clause
;
; The first instructions: keep every register as the loader left it, then go to C++ on a stack of
; our own, so that nothing here depends on the promises that are about to be checked. Other
; processors, which come one after the other, go on on theirs.
; In: the state of the boot protocol. Position independent.

bits 64
default rel

%include "entry_registers.inc"

extern conformance_main         ; conformance.cpp
extern entry_state              ; entry_state.hpp, in .data: .bss is still to be checked
extern conformance_processor    ; processors.cpp, as the next one
extern processor_state

global _start:function hidden
global processor_start:function hidden

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

; save_all STATE, TOP: every register; RSP is TOP then.
%macro save_all 2
    save    %1, State.general, rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8, r9, r10, r11, r12, r13, r14, r15
    lea     rsp, [%2]           ; no flag changes
    pushfq
    pop     qword [%1 + State.rflags]
    cld
    rdtsc
    mov     [%1 + State.tsc], eax
    mov     [%1 + State.tsc + 4], edx
    save_by_rax %1, State.control, cr0, cr2, cr3, cr4, cr8
    save_by_rax %1, State.debug, dr0, dr1, dr2, dr3, dr6, dr7
    save_segments %1
    fxsave64 [%1 + State.fpu]
    xor     ebp, ebp            ; a backtrace ends here
%endmacro

section .text

_start:
    save_all entry_state, stack_top
    call    conformance_main
.halt:
    cli
    hlt
    jmp     .halt

processor_start:
    save_all processor_state, flags_top
    mov     rdi, [processor_state + State.general + 5 * 8]
    mov     rsp, [processor_state + State.general + 7 * 8]
    call    conformance_processor
.halt:
    cli
    hlt
    jmp     .halt

section .data

align 16
    times STACK_BYTES db 0xcc
stack_top:
    dq      0
flags_top:

; SPDX-License-Identifier: BSD-2-Clause
;
; Keeps what the processor's registers hold at the first instruction, then goes to C++ on the stack
; that it was given. `start` is what the file says, `other_start` what the request for an entry point
; says, `processor_start` where other processors are sent to.
; In: the state of Limine's protocol. Position independent.

bits 64
default rel

%include "entry_registers.inc"

extern kernel_main              ; limine.cpp
extern entry_state
extern processor_main           ; processors.cpp
extern processor_state

global start:function hidden
global other_start:function hidden
global processor_start:function hidden

; The same as EntryState in entry_state.hpp.
struc State
.general:   resq 16             ; RAX RBX RCX RDX RSI RDI RBP RSP R8 … R15
.rflags:    resq 1
.cr0:       resq 1
.cr3:       resq 1
.cr4:       resq 1
.selectors: resw 8              ; CS SS DS ES FS GS, LDTR, TR
.gdtr:      resw 8              ; limit, base, 6 bytes unused
.idtr:      resw 8
.is_other:  resq 1
endstruc

; keep STATE: all but RAX.
%macro keep 1
    save    %1, State.general + 8, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8, r9, r10, r11, r12, r13, r14, r15
    pushfq
    pop     qword [%1 + State.rflags]
    cld
    save_by_rax %1, State.cr0, cr0, cr3, cr4
    save_segments %1
%endmacro

section .text

start:
    mov     [entry_state + State.general], rax
    mov     eax, 0              ; no flag changes
    jmp     first
other_start:
    mov     [entry_state + State.general], rax
    mov     eax, 1
first:
    mov     [entry_state + State.is_other], rax
    keep    entry_state
    call    kernel_main

processor_start:
    mov     [processor_state + State.general], rax
    keep    processor_state
    call    processor_main

; SPDX-License-Identifier: BSD-2-Clause
;
; Keeps what the processor's registers hold at the first instruction, then goes to C++ on the stack
; that it was given. `start` is what the file says, `other_start` what the request for an entry point
; says.
; In: the state of Limine's protocol. Position independent.

bits 64
default rel

extern kernel_main              ; limine.cpp
extern entry_state

global start:function hidden
global other_start:function hidden

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

section .text

start:
    mov     [entry_state + State.general], rax
    mov     eax, 0              ; no flag changes
    jmp     keep
other_start:
    mov     [entry_state + State.general], rax
    mov     eax, 1
keep:
    mov     [entry_state + State.is_other], rax
%assign at 8
%macro keep_register 1
    mov     [entry_state + State.general + at], %1
    %assign at at + 8
%endmacro
    keep_register rbx
    keep_register rcx
    keep_register rdx
    keep_register rsi
    keep_register rdi
    keep_register rbp
    keep_register rsp
    keep_register r8
    keep_register r9
    keep_register r10
    keep_register r11
    keep_register r12
    keep_register r13
    keep_register r14
    keep_register r15
    pushfq
    pop     qword [entry_state + State.rflags]
    cld
    mov     rax, cr0
    mov     [entry_state + State.cr0], rax
    mov     rax, cr3
    mov     [entry_state + State.cr3], rax
    mov     rax, cr4
    mov     [entry_state + State.cr4], rax
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
    call    kernel_main

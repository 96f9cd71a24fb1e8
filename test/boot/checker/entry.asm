; SPDX-License-Identifier: BSD-2-Clause
;
; The checker's first instructions, at its first byte. They keep what the loader left in the
; registers, as an EntryState (context.hpp) on the stack that the loader gave.
;
; In: the state of the boot protocol. Calls run_checker with RDI = EntryState, RSI = FpuState.

bits 64
default rel

extern run_checker

section .entry progbits alloc exec nowrite align=16

global checker_start
checker_start:
    pushfq
    push r15
    push r14
    push r13
    push r12
    push r11
    push r10
    push r9
    push r8
    push rbp
    push rdi
    push rsi
    push rdx
    push rcx
    push rbx
    push rax
    mov rdi, rsp
    cld
    ; Below it the x87 and SSE state, aligned as FXSAVE wants it.
    sub rsp, 512
    and rsp, -64
    fxsave64 [rsp]
    mov rsi, rsp
    call run_checker

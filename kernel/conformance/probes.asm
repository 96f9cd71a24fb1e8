; SPDX-License-Identifier: BSD-2-Clause
;
; The accesses that try_access() makes: they may fault on purpose. In assembly, because only here is
; it certain what each instruction is, and that the stack is the same before and after.

bits 64
default rel

extern probe_resume_rip         ; exceptions.cpp
extern probe_resume_rsp

global probe_read
global probe_write
global probe_execute

section .text

; probe NAME, ACCESS: void NAME(uint64_t address). Notes where to go on after a fault, and makes the
; access to [rdi]. If it faults, handle_exception() returns to .resume with the RSP noted here.
%macro probe 2
%1:
    lea     rax, [.resume]
    mov     [probe_resume_rip], rax
    mov     [probe_resume_rsp], rsp
    %2
.resume:
    ret
%endmacro

probe probe_read, {mov al, [rdi]}
probe probe_write, {or byte [rdi], 0}
probe probe_execute, {call rdi}

; SPDX-License-Identifier: BSD-2-Clause
;
; The way from an exception to its report. Position independent.

bits 64
default rel

extern report_fault
global fault_stubs
global refuse_page_tables
global attempt
global abandon_attempt
global has_attempt

VECTORS             equ 256
PAGE_TABLES_REFUSED equ 256         ; kPageTablesRefused
BIAS                equ 128
STUB_BYTES          equ 4               ; of a push and a short jump
STUBS_PER_GROUP     equ 32
GROUP_BYTES         equ STUBS_PER_GROUP * STUB_BYTES + 8

; The path to the kernel needs these.
section .text

; Calls a function that may fault.
; In:     RDI = function, RSI = its argument.
; Out:    EAX = 1; or 0 if abandon_attempt() has cut it off.
attempt:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    push qword [innermost]
    mov [innermost], rsp
    mov rax, rdi
    mov rdi, rsi
    call rax
    mov eax, 1
.leave:
    pop qword [innermost]
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret

; Lets the innermost call of attempt() return 0. There is one.
abandon_attempt:
    mov rsp, [innermost]
    xor eax, eax
    jmp attempt.leave

; Out:    EAX = 1 within a call of attempt(), else 0.
has_attempt:
    xor eax, eax
    cmp qword [innermost], 0
    setne al
    ret

section .text.faults progbits alloc exec nowrite

; One stub for each vector: it pushes vector - BIAS, which then is one byte in the instruction. A group
; of stubs is followed by what they jump to, near enough for a short jump.
fault_stubs:
%assign vector 0
%rep VECTORS / STUBS_PER_GROUP
%rep STUBS_PER_GROUP
    push strict byte vector - BIAS
    jmp short $$ + GROUP_BYTES * (vector / STUBS_PER_GROUP) + STUBS_PER_GROUP * STUB_BYTES
%assign vector vector + 1
%endrep
    jmp strict near fault_common
    align 8
%endrep
%if $ - fault_stubs != VECTORS / STUBS_PER_GROUP * GROUP_BYTES
%error "a group of stubs has another size than install_fault_reports() thinks"
%endif

; In:     vector - BIAS, the error code if the vector has one, RIP, CS, RFLAGS, RSP, SS.
; Out:    back to where it happened, if report_fault comes back.
fault_common:
    test spl, 8                     ; the processor has aligned the stack before it pushed
    jnz .has_error_code
    push qword [rsp]
    mov qword [rsp + 8], -1         ; kNoErrorCode
.has_error_code:
    push rax
    push rbx
    push rcx
    push rdx
    push rsi
    push rdi
    push rbp
    push r8
    push r9
    push r10
    push r11
    push r12
    push r13
    push r14
    push r15
    sub qword [rsp + 15 * 8], -BIAS
    cld
    mov rdi, rsp                    ; FaultFrame*
    call report_fault
    pop r15
    pop r14
    pop r13
    pop r12
    pop r11
    pop r10
    pop r9
    pop r8
    pop rbp
    pop rdi
    pop rsi
    pop rdx
    pop rcx
    pop rbx
    pop rax
    add rsp, 16                     ; vector, error code
    iretq

; A fault that has not happened yet: the page tables of the record don't map an address that stage 2
; needs.
; In:     RDI = address, RSI = what a page fault's error code would tell of the access.
refuse_page_tables:
    mov cr2, rdi
    mov rax, rsp
    mov ecx, ss
    mov edx, cs
    and rsp, -16
    push rcx
    push rax
    pushfq
    push rdx
    push qword [rax]                ; return address
    push rsi
    push PAGE_TABLES_REFUSED - BIAS
    jmp fault_common

section .bss
alignb 8
innermost:
    resq 1                          ; stack pointer of the innermost attempt() that runs; 0: none

; SPDX-License-Identifier: BSD-2-Clause
;
; The way from an exception to its report. Position independent.

%include "asm/frames.inc"

bits 64
default rel

extern report_fault
global fault_stubs
global exception_stubs
global refuse_page_tables
global attempt
global abandon_attempt
global has_attempt
global fault_common:function hidden
global count_pushes:function hidden

EXCEPTIONS          equ 32              ; vectors that are the processor's own
VECTORS             equ 256
PAGE_TABLES_REFUSED equ 256         ; kPageTablesRefused
BIAS                equ 128
STUB_BYTES          equ 4               ; of an exception: a push and a short jump
GROUP               equ 32              ; interrupts, a push of one byte each,
GROUP_BYTES         equ GROUP + 7       ; and what these end in
STACK_ALIGNMENT     equ 512             ; of fault.cpp's stacks
FRAME_WORDS         equ 5 + 2 + 15      ; of the processor, vector and error code, registers

; The path to the kernel needs these.
section .text

; Calls a function that may fault.
; In:     RDI = function, RSI = its argument.
; Out:    EAX = 1; or 0 if abandon_attempt() has cut it off.
attempt:
    frame_begin
    push rbx
    frame_push rbx
    push rbp
    frame_push rbp
    push r12
    frame_push r12
    push r13
    frame_push r13
    push r14
    frame_push r14
    push r15
    frame_push r15
    push qword [innermost]
    frame_push
    mov [innermost], rsp
    mov rax, rdi
    mov rdi, rsi
    call rax
    mov eax, 1
.leave:
    pop qword [innermost]
    frame_pop
    pop r15
    frame_pop r15
    pop r14
    frame_pop r14
    pop r13
    frame_pop r13
    pop r12
    frame_pop r12
    pop rbp
    frame_pop rbp
    pop rbx
    frame_pop rbx
    ret
    frame_end

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

; Interrupts: each byte of a group is an entry. The more of them lie behind it, the more words are
; pushed: the depth of the stack tells the vector, which takes a quarter of the memory that a stub each
; would. What is pushed at last is the first vector of the group, - BIAS.
fault_stubs:
%assign group EXCEPTIONS
%rep (VECTORS - EXCEPTIONS) / GROUP
    times GROUP push rax
    push strict byte group - BIAS
    jmp strict near count_pushes
%assign group group + GROUP
%endrep
%if $ - fault_stubs != (VECTORS - EXCEPTIONS) / GROUP * GROUP_BYTES
%error "a group has another size than install_fault_reports() thinks"
%endif

; Exceptions: one stub for each, which pushes vector - BIAS, one byte in the instruction.
exception_stubs:
%assign vector 0
%rep EXCEPTIONS
    push strict byte vector - BIAS
    jmp short exception_stubs + EXCEPTIONS * STUB_BYTES
%assign vector vector + 1
%endrep

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
    frame_begin_exception
    frame_depth FRAME_WORDS * 8
    frame_saved rip, 5 * 8
    frame_saved rsp, 2 * 8
    frame_saved rax, 8 * 8
    frame_saved rbx, 9 * 8
    frame_saved rcx, 10 * 8
    frame_saved rdx, 11 * 8
    frame_saved rsi, 12 * 8
    frame_saved rdi, 13 * 8
    frame_saved rbp, 14 * 8
    frame_saved r8, 15 * 8
    frame_saved r9, 16 * 8
    frame_saved r10, 17 * 8
    frame_saved r11, 18 * 8
    frame_saved r12, 19 * 8
    frame_saved r13, 20 * 8
    frame_saved r14, 21 * 8
    frame_saved r15, 22 * 8
    sub qword [rsp + 15 * 8], -BIAS
    cld
    mov rdi, rsp                    ; FaultFrame*
    call report_fault
    pop r15                         ; of the frame: a debugger finds it by the return address
    frame_end
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

; In:     what a group pushes, and RIP, CS, RFLAGS, RSP and SS, from the top of one of the stacks on.
;         No error code: none comes with an interrupt.
; Out:    a jump to fault_common with what it wants.
count_pushes:
    pop rax
    push rbx
    mov ebx, esp                    ; the top - 5 words of the processor's - those pushed - RBX
    or rbx, -STACK_ALIGNMENT
    sar rbx, 3                      ; - 6 - those pushed, which are GROUP for its first vector
    lea rax, [rax + rbx + 6 + GROUP]
    pop rbx
    or rsp, STACK_ALIGNMENT - 1
    sub rsp, 6 * 8 - 1
    xchg rax, [rsp]                 ; the last word of the group's
    jmp fault_common

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

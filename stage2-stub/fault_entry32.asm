; SPDX-License-Identifier: BSD-2-Clause
;
; From an exception in a 32-bit kernel back to long mode, and to the report of it in C++. Position
; independent, below 4 GiB.

%include "asm/frames.inc"
%include "asm/long_mode.inc"
%include "cpu/constants.inc"

extern gdt
extern report_fault32
extern stack_top
global tables_of_reports:data hidden
global vector_stubs32

SAVED_WORDS equ 18                  ; SavedState of fault32.cpp

section .text.faults progbits alloc exec nowrite
bits 32

; In:     the error code if the vector has one, EIP, CS, EFLAGS on the kernel's stack.
; Out:    the vector on the stack as well.
; Mapped: this block to itself; without paging that is so.
vector_stubs32:
%assign vector 0
%rep EXCEPTIONS
    push strict byte vector
    jmp short .to_entry
  %assign vector vector + 1
  %if vector == EXCEPTIONS
.to_entry:
  %endif
%endrep

; Data segments are the kernel's, whatever it has loaded: only the stack works for sure.
    pushad
    mov eax, cr4
    push eax
    mov eax, cr3
    push eax
    mov eax, cr2
    push eax
    mov eax, cr0
    push eax
    mov ecx, MSR_EFER
    rdmsr
    push eax
    cld
    call .here
.here:
    pop ebx
    mov edx, esp
    lea eax, [ebx + gdt - .here]
    load_gdt SELECTOR_CODE32 + 8
    mov eax, SELECTOR_DATA
    mov ds, eax
    mov es, eax
    mov ss, eax
    mov esi, edx
    lea edi, [ebx + saved - .here]
    mov ecx, SAVED_WORDS
    rep movsd

    mov eax, cr0
    and eax, ~CR0_PG & 0xffffffff   ; a kernel may have turned it on
    mov cr0, eax
    lea esp, [ebx + stack_top - .here]
    lea esi, [ebx + tables_of_reports - .here]
    mov eax, [esi]
    mov cr3, eax
    mov eax, [esi + 4]
    mov cr4, eax
    mov ecx, MSR_EFER
    mov eax, [esi + 8]
    xor edx, edx
    wrmsr
    push dword SELECTOR_CODE64
    lea eax, [ebx + .long_mode - .here]
    push eax
    mov eax, CR0_PG | CR0_NE | CR0_ET | CR0_PE
    mov cr0, eax
    retf

bits 64
default rel
.long_mode:
    frame_begin
    frame_no_caller
    lea rsp, [stack_top]
    lea rdi, [saved]
    xor ebp, ebp
    call report_fault32
    ud2                             ; so that the return address is within this function
    frame_end

section .bss
alignb 16
saved:
    resd SAVED_WORDS
tables_of_reports:
    resd 3                          ; CR3, CR4, EFER

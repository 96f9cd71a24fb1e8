; SPDX-License-Identifier: BSD-2-Clause
;
; Where another processor comes to in 64-bit mode, and where it waits for the kernel. Position
; independent.

%include "asm/frames.inc"
%include "baton/handoff.inc"
%include "cpu/constants.inc"

bits 64
default rel

extern processor_run
global park_processor
global park_processor.wait
global processor_entry
global processor_woken
global record_of_processors:data hidden

; enum ProcessorState and struct Processor of processor.hpp.
STATE_EXPECTED  equ 0
STATE_CAME      equ 1
STATE_GONE      equ 3
PROCESSOR_STATE equ 0
PROCESSOR_REPEATS equ 4
PROCESSOR_ENTERED equ 8

section .text align=4

; From the firmware's mailbox (ACPI 6.5 section 5.2.12.19).
; In:     64-bit mode with as many levels of page tables as the record's; no stack.
; Out:    processor_entry.
; Mapped: this block to itself, by the firmware's page tables and the record's.
processor_woken:
    cli
    cld
    mov rsi, [record_of_processors]
    mov ecx, MSR_EFER
    mov eax, [rsi + BatonHandoff.efer]
    xor edx, edx
    or eax, EFER_LMA
    wrmsr
    mov rax, cr4
    and eax, CR4_LA57
    or eax, CR4_PAE
    mov cr4, rax
    mov rax, [rsi + BatonHandoff.page_table_root]
    mov cr3, rax

; In:     64-bit mode, the record's page tables; no stack.
; Out:    processor_run, or it halts: it is not on the list, or comes a second time, or too late.
; Mapped: this block, the list and the areas to themselves.
processor_entry:
    frame_begin
    frame_no_caller
    mov rsi, [record_of_processors]
    mov rdi, [rsi + BatonHandoff.local_apic]
    test rdi, rdi
    jnz .registers
    mov ecx, MSR_APIC_BASE
    rdmsr
    or eax, APIC_BASE_X2APIC | APIC_BASE_ENABLED
    wrmsr
    mov ecx, MSR_X2APIC_ID
    rdmsr
    jmp .search
.registers:
    mov eax, [rdi + APIC_ID]
    shr eax, 24
.search:
    mov rdi, [rsi + BatonHandoff.processors]
    mov ecx, [rsi + BatonHandoff.processor_count]
    mov edx, [rsi + BatonHandoff.processor_entry_bytes]
    mov r8d, eax
.next:
    dec ecx
    js .halt
    cmp [rdi + BatonHandoffProcessor.apic_id], r8d
    je .found
    add rdi, rdx
    jmp .next
.found:
    mov rsi, [rdi + BatonHandoffProcessor.area]
    mov eax, STATE_EXPECTED
    mov ecx, STATE_CAME
    lock cmpxchg [rsi + PROCESSOR_STATE], ecx
    jne .again
    lea rsp, [rsi + BATON_PROCESSOR_AREA_BYTES]
    xor ebp, ebp
    call processor_run
.again:
    lock inc dword [rsi + PROCESSOR_REPEATS]
.halt:
    cli
    hlt
    jmp .halt
    frame_end

; In:     RDI = BatonHandoffProcessor*, RSI = Processor*, EDX = whether there is MONITOR.
; Out:    the kernel, with the registers of the boot protocol.
; Mapped: this block, list and area to themselves; stack and go word by the kernel's page tables.
park_processor:
    frame_begin
    mov rsp, [rdi + BatonHandoffProcessor.stack_top]
    frame_no_caller
    push qword 0                    ; the kernel's return address: a backtrace ends there
    mov r8, [rdi + BatonHandoffProcessor.go]
    mov rdi, [rdi + BatonHandoffProcessor.record]
    mov r9d, edx
.wait:
    mov rbx, [r8]
    test rbx, rbx
    jnz .go
    test r9d, r9d
    jz .pause
    mov rax, r8
    xor ecx, ecx
    xor edx, edx
    monitor
    cmp [r8], rcx                   ; it may have been written before
    jne .wait
    xor eax, eax
    mwait
.pause:
    pause
    jmp .wait
.go:
    mov [rsi + PROCESSOR_ENTERED], rbx
    mov dword [rsi + PROCESSOR_STATE], STATE_GONE
    push rbx
    push qword 2                    ; RFLAGS: only the bit that is always 1
    zero_all eax, ebx, ecx, edx, esi, ebp, r8d, r9d, r10d, r11d, r12d, r13d, r14d, r15d
    popfq
    ret
    frame_end

section .bss
alignb 8
record_of_processors:
    resq 1                          ; BatonHandoff*

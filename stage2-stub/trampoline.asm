; SPDX-License-Identifier: BSD-2-Clause
;
; Where other processors start: in real mode, in a page below 1 MiB that the caller has copied this
; to. What processors.cpp fills in follows the code. An exception before long mode is noted in the
; page, and the processor halts. Position independent.

%include "cpu/constants.inc"

global trampoline_start
global trampoline_parameters
global trampoline_stubs
global trampoline_end

PAGE_BYTES equ 4096
NOTES      equ 2048                 ; processors.cpp: struct TrampolineNote[256], by APIC id

section .rodata.trampoline align=8
trampoline_start:
%define here(label) (label - trampoline_start)

bits 16
; In:     CS = the page, IP = 0.
; Out:    processor_entry, in 64-bit mode.
; Mapped: no paging; at the end this page and stage 2 to themselves.
    cli
    cld
    mov ax, cs
    mov ds, ax
    mov ss, ax
    mov sp, PAGE_BYTES              ; for exceptions alone: all processors have this stack
    o32 lidt [here(parameters.real_vectors)]
    o32 lgdt [here(parameters.segments)]
    movzx ebx, ax
    shl ebx, 4                      ; the page
    mov eax, cr0                    ; caches stay as they are
    or al, CR0_PE
    mov cr0, eax
    o32 jmp far [here(parameters.protected_mode)]

bits 32
.protected_mode:
    mov eax, SELECTOR_DATA
    mov ds, eax
    mov es, eax
    mov ss, eax
    lidt [ebx + here(parameters.gates)]
    mov eax, [ebx + here(parameters.cr4)]
    mov cr4, eax
    mov eax, [ebx + here(parameters.cr3)]
    mov cr3, eax
    mov ecx, MSR_EFER
    mov eax, [ebx + here(parameters.efer)]
    xor edx, edx
    wrmsr
    mov eax, cr0
    or eax, CR0_PG
    mov cr0, eax
    jmp far [ebx + here(parameters.long_mode)]

; The same bytes push a vector in real mode and in protected mode.
trampoline_stubs:
%assign vector 0
%rep EXCEPTIONS
    push strict byte vector
    jmp short .common
%assign vector vector + 1
%endrep
.common:
    smsw eax                        ; AX in real mode, by the same bytes
    test al, CR0_PE
    jnz short .protected
bits 16
    pop di                          ; the vector
    pop bp                          ; IP
    mov eax, CPUID_FEATURES
    cpuid
    shr ebx, 24
    shl bx, 2
    mov [cs:bx + NOTES], bp
    mov ax, di
    mov ah, 1
    mov [cs:bx + NOTES + 2], ax
    jmp short .halt
bits 32
.protected:
    pop edi
    mov eax, VECTORS_WITH_ERROR_CODE
    bt eax, edi
    jnc .no_error_code
    pop eax
.no_error_code:
    pop ebp                         ; EIP
    mov eax, SELECTOR_DATA
    mov ds, eax
    mov eax, CPUID_FEATURES
    cpuid
    shr ebx, 24
    mov esi, ebp
    and esi, ~(PAGE_BYTES - 1)
    mov [esi + ebx * 4 + NOTES], bp
    mov eax, edi
    mov ah, 1
    mov [esi + ebx * 4 + NOTES + 2], ax
.halt:
    cli
    hlt
    jmp short .halt                 ; the same bytes in both modes

align 8, db 0
; struct TrampolineParameters of processors.cpp.
trampoline_parameters:
parameters:
.cr3:            dd 0
.cr4:            dd 0
.efer:           dd 0
.protected_mode: dd here(trampoline_start.protected_mode) ; plus the page's address
                 dw SELECTOR_CODE32
.long_mode:      dd 0
                 dw SELECTOR_CODE64
.real_vectors:   dw 0
                 dd 0
.gates:          dw 0
                 dd 0
.segments:       dw 0
                 dd 0
trampoline_end:

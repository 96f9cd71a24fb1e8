; SPDX-License-Identifier: BSD-2-Clause
;
; The payload's entries, and the parameters that bench.py writes into it: the beginning of its first
; segment, which lies at BASE, or as a UEFI application wherever the firmware puts it. Each entry's
; first instruction reads the TSC. BASE and the offsets here are payload.py's too.

BASE equ 0x2001000

ENTRY_32 equ 0x40
ENTRY_PE equ 0x100
HEADER equ 0x140
PARAMETERS equ 0x180

extern check_payload
extern leave_firmware

section .entry progbits alloc exec nowrite align=16
bits 64
default rel

; In: RDI = BatonBootInfo, or 0. Identity-mapped memory or Baton's page tables.
global start
start:
    rdtsc
    shl rdx, 32
    lea rsi, [rax + rdx]
check:                              ; RDI = BatonBootInfo or 0, RSI = TSC
    cli
    lea rdx, [start]
    lea rcx, [parameters]
    mov rsp, [parameters.work_end]
    add rsp, rdx
    call check_payload
    ud2

; In: EBX = Multiboot2 information, protected mode without paging, flat segments (Multiboot2
; specification, section 3.3). Makes an identity mapping of 4 GiB in the work area's first 6 pages.
    times ENTRY_32 - ($ - start) db 0
bits 32
entry_32:
    rdtsc
    mov esi, eax
    mov ebp, edx
    mov edi, [BASE + parameters.work - start]
    add edi, BASE
    mov ebx, edi
    lea eax, [edi + 0x1000 + 3]     ; present, writable
    mov [edi], eax
    mov dword [edi + 4], 0
    mov ecx, 4
.directory:                         ; a page directory for each GiB
    add eax, 0x1000
    mov [edi + 0x1000], eax
    mov dword [edi + 0x1004], 0
    add edi, 8
    loop .directory
    mov eax, 0x83                   ; present, writable, 2 MiB
    lea edi, [ebx + 0x2000]
    mov ecx, 2048
    jmp entry_32_tables

    times ENTRY_PE - ($ - start) db 0
bits 64
entry_pe:                           ; In: RCX = image handle, RDX = system table
    sub rsp, 40
    call leave_firmware
    rdtsc
    shl rdx, 32
    lea rsi, [rax + rdx]
    xor edi, edi
    jmp check

    times HEADER - ($ - start) db 0
MAGIC equ 0xe85250d6
header:
    dd MAGIC, 0, header_end - header, -(MAGIC + header_end - header)
    dw 3, 0                         ; the entry
    dd 12, BASE + ENTRY_32, 0
    dw 0, 0
    dd 8
header_end:

    times PARAMETERS - ($ - start) db 0
parameters:                         ; payload.cpp's Parameters
.work:
    dq 0
.work_end:
    dq 0
    times 9 dq 0

bits 32
entry_32_tables:
    mov [edi], eax
    mov dword [edi + 4], 0
    add eax, 0x200000
    add edi, 8
    loop entry_32_tables
    mov eax, cr4
    or eax, 1 << 5                  ; PAE
    mov cr4, eax
    mov cr3, ebx
    mov ecx, 0xc0000080             ; EFER
    rdmsr
    or eax, 1 << 8                  ; LME
    wrmsr
    mov eax, cr0
    or eax, 1 << 31                 ; PG
    mov cr0, eax
    lgdt [BASE + gdt_pointer - start]
    jmp 8:BASE + entry_64 - start
bits 64
entry_64:
    shl rbp, 32
    add rsi, rbp
    xor edi, edi
    jmp check

align 8
gdt:
    dq 0
    dq 0x00209a0000000000           ; 64-bit code
gdt_pointer:
    dw gdt_pointer - gdt - 1
    dd BASE + gdt - start

; SPDX-License-Identifier: BSD-2-Clause
;
; A Multiboot2 kernel that can be called with boot services, and with -DRELOCATABLE anywhere: its header
; and its two entries.

extern efi_main
global start

section .header progbits alloc noexec nowrite align=8
MAGIC equ 0xe85250d6
header:
    dd MAGIC, 0, header.end - header, -(MAGIC + (header.end - header))
    dw 7, 0                         ; boot services may stay
    dd 8
    dw 9, 0                         ; then this is the entry
    dd 12, start64
    align 8, db 0
%ifdef RELOCATABLE
    dw 10, 0                        ; from 48 MiB on, as low as possible
    dd 24, 0x3000000, 0x7fffffff, 0x200000, 1
%endif
    dw 0, 0
    dd 8
.end:

section .text
bits 32
start:
    mov al, '3'
    out 0xe9, al
    mov al, '2'
    out 0xe9, al
    mov al, 10
    out 0xe9, al
    mov eax, 0x10
    out 0xf4, eax
.stop:
    cli
    hlt
    jmp .stop

bits 64
default rel
start64:
    mov edi, eax
    mov esi, ebx
    lea rdx, [start]
    sub rsp, 8
    call efi_main

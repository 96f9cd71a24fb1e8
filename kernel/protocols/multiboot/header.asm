; SPDX-License-Identifier: BSD-2-Clause
;
; The header of a Multiboot2 kernel, or with -DMULTIBOOT1 of a Multiboot1 kernel.

section .header progbits alloc noexec nowrite align=8
%ifdef MULTIBOOT1
MAGIC equ 0x1badb002
FLAGS equ 7                         ; aligned modules, memory, a video mode
    dd MAGIC, FLAGS, -(MAGIC + FLAGS)
    times 5 dd 0
    dd 0, 800, 600, 32
%else
MAGIC equ 0xe85250d6
header:
    dd MAGIC, 0, header.end - header, -(MAGIC + (header.end - header))
    dw 1, 0                         ; information
    dd 16, 4, 6
    dw 1, 1                         ; the same, optional: a number that nobody knows
    dd 12, 1000
    align 8, db 0
    dw 5, 1                         ; a video mode
    dd 20, 800, 600, 32
    align 8, db 0
    dw 6, 0                         ; aligned modules
    dd 8
    dw 200, 1                       ; a tag that nobody knows
    dd 8
    dw 0, 0
    dd 8
.end:
%endif

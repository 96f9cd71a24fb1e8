; SPDX-License-Identifier: BSD-2-Clause
;
; What makes the image a kernel for Multiboot2: its specification 2.0, section 3.1.

LINKED_AT   equ 0x100000            ; image_start, in the linker script
MAGIC       equ 0xe85250d6
I386        equ 0
TAG_END     equ 0
TAG_FRAMEBUFFER equ 5
TAG_MODULE_ALIGNMENT equ 6
TAG_RELOCATABLE equ 10
OPTIONAL    equ 1

section .head progbits alloc exec nowrite align=8

multiboot2_header:
    dd MAGIC, I386, MULTIBOOT2_BYTES
    dd -(MAGIC + I386 + MULTIBOOT2_BYTES)
    dw TAG_RELOCATABLE, 0
    dd 24, LINKED_AT, 0xffffffff, 4096, 1 ; in whole pages, as low as may be
    dw TAG_FRAMEBUFFER, OPTIONAL
    dd 20, 0, 0, 32                 ; any size, 32 bits a pixel
    align 8, db 0
    dw TAG_MODULE_ALIGNMENT, 0      ; whole pages
    dd 8
    dw TAG_END, 0
    dd 8
MULTIBOOT2_BYTES equ $ - multiboot2_header

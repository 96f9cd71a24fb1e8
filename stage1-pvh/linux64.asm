; SPDX-License-Identifier: BSD-2-Clause
;
; The Linux boot protocol's 64-bit entry, 200h after the image's beginning.

%include "baton/boot_info.inc"
%include "cpu/constants.inc"

extern initial_gdt
extern stack_top
extern start32
INITIAL_GDT_BYTES equ 4 * 8         ; start.asm

global linux_entry64:function hidden

section .head progbits alloc exec nowrite align=1
bits 64
default rel

; Leaves long mode once more: the page tables of now may have five levels.
; In:     RSI = boot_params, below 4 GiB as the image is; flat segments, interrupts off.
; Out:    start32.
; Mapped: the image and boot_params to themselves, by the loader's page tables.
linux_entry64:
    cli
    cld
    lea rsp, [stack_top]
    sub rsp, 16
    mov word [rsp], INITIAL_GDT_BYTES - 1
    lea rax, [initial_gdt]
    mov [rsp + 2], rax
    lgdt [rsp]
    push qword SELECTOR_CODE32
    lea rax, [.compatible]
    push rax
    retfq
bits 32
.compatible:
    mov eax, SELECTOR_DATA
    mov ds, eax
    mov es, eax
    mov ss, eax
    mov eax, cr0
    and eax, ~CR0_PG & 0xffffffff
    mov cr0, eax
    mov edi, BATON_BOOT_PATH_LINUX
    jmp start32

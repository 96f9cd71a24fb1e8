; SPDX-License-Identifier: BSD-2-Clause
;
; Where 32-bit loaders enter: the Linux boot protocol, PVH, Multiboot2. It lies at the image's
; beginning and runs wherever the image was loaded below 4 GiB.
;
; Each goes to start32 with its BatonBootPath in EDI, the address of its information in ESI, and a
; stack for one word. In: flat segments, paging off, interrupts off. Mapped: nothing.

%include "baton/boot_info.inc"

LINKED_AT           equ 0x100000    ; image_start, in the linker script
PVH_NOTE_ENTRY      equ 18          ; XEN_ELFNOTE_PHYS32_ENTRY: Xen's public header elfnote.h
BOOT_PARAMS_SCRATCH equ 0x1e4       ; four bytes that the Linux boot protocol leaves to the kernel

extern start32
extern stack_top
global image_start:function hidden
global pvh_entry:function hidden
global multiboot2_entry:function hidden

section .head progbits alloc exec nowrite align=4096
bits 32

; In:     ESI = boot_params.
image_start:
    cli
    cld
    mov eax, ds
    mov ss, eax                     ; setup.asm could not load it
    lea esp, [esi + BOOT_PARAMS_SCRATCH + 4]
    mov edi, BATON_BOOT_PATH_LINUX
    jmp start32

; The image lies where it was linked.
; In:     EBX = hvm_start_info.
pvh_entry:
    cld
    mov esp, LINKED_AT + stack_top - image_start
    mov esi, ebx
    mov edi, BATON_BOOT_PATH_PVH
    jmp start32

; Also from UEFI, whose boot services GRUB has ended.
; In:     EAX = magic number, EBX = boot information.
multiboot2_entry:
    cld
    lea esp, [ebx + 8]              ; the four bytes before are reserved
    mov esi, ebx
    mov edi, BATON_BOOT_PATH_MULTIBOOT2
    jmp start32

PVH_ENTRY_OFFSET equ pvh_entry - image_start

section .note.Xen note alloc noexec nowrite align=4
    dd 4, 4, PVH_NOTE_ENTRY
    db "Xen", 0
    dd LINKED_AT + PVH_ENTRY_OFFSET

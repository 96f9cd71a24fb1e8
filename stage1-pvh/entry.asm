; SPDX-License-Identifier: BSD-2-Clause
;
; Where PVH, Multiboot2 and the Linux boot protocol enter, and the way from there into long mode. It
; lies at the image's beginning, runs wherever the image was loaded below 4 GiB, and finds out where.

%include "asm/frames.inc"
%include "baton/boot_info.inc"

LINKED_AT          equ 0x100000     ; image_start, in the linker script
PVH_NOTE_ENTRY     equ 18           ; XEN_ELFNOTE_PHYS32_ENTRY: Xen's public header elfnote.h
CODE_SELECTOR      equ 0x08
DATA_SELECTOR      equ 0x10
CODE32_SELECTOR    equ 0x18
BOOT_PARAMS_SCRATCH equ 0x1e4       ; four bytes that the Linux boot protocol leaves to the kernel

extern bss_start
extern bss_end
extern relocations_start
extern relocations_end
extern stage1_main
global image_start:function hidden
global pvh_entry:function hidden
global start32:function hidden
global start64:function hidden
global linux_entry64:function hidden
global multiboot2_entry:function hidden
global initial_page_tables:data hidden

; A label's distance from the beginning: of one in another section too.
%define OFFSET(label) label - image_start

section .head progbits alloc exec nowrite align=4096
bits 32

; The Linux boot protocol's 32-bit entry.
; In:     ESI = boot_params, flat segments, paging off, interrupts off.
image_start:
    cli
    cld
    mov eax, ds
    mov ss, eax                     ; setup.asm could not load it
    lea esp, [esi + BOOT_PARAMS_SCRATCH + 4]
    call .here
.here:
    pop ebp
    sub ebp, OFFSET(.here)
    mov edi, BATON_BOOT_PATH_LINUX
    jmp start32

; PVH. The image lies where it was linked.
; In:     EBX = hvm_start_info, flat segments, paging off, interrupts off.
pvh_entry:
    cld
    mov ebp, LINKED_AT
    mov esi, ebx
    mov edi, BATON_BOOT_PATH_PVH
    jmp start32

; Multiboot2's i386 entry, also from UEFI, whose boot services GRUB has ended.
; In:     EAX = magic number, EBX = boot information, flat segments, paging off, interrupts off.
multiboot2_entry:
    cld
    lea esp, [ebx + 8]              ; the four bytes before are reserved
    call .here
.here:
    pop ebp
    sub ebp, OFFSET(.here)
    mov esi, ebx
    mov edi, BATON_BOOT_PATH_MULTIBOOT2

; In:     EAX = magic number, EBP = image_start, EDI = BatonBootPath, ESI = start information.
; Clears .bss, maps the lowest 4 GiB where they are, and goes on in long mode.
start32:
    lea esp, [ebp + OFFSET(stack_top)]
    mov ebx, edi
    mov edx, eax
    lea edi, [ebp + OFFSET(bss_start)]
    lea ecx, [ebp + OFFSET(bss_end)]
    sub ecx, edi
    shr ecx, 2
    xor eax, eax
    rep stosd
    push dword 0
    push edx                        ; the magic number, for stage1_main

    lea edi, [ebp + OFFSET(initial_page_tables)]
    mov cr3, edi
    lea eax, [edi + 0x1003]         ; present, writable
    mov [edi], eax
    lea edx, [edi + 0x1000]
.directories:
    add eax, 0x1000
    mov [edx], eax
    add edx, 8
    lea ecx, [edi + 0x1020]
    cmp edx, ecx
    jb .directories
    add edi, 0x2000
    mov eax, 0x83                   ; present, writable, 2 MiB
    mov ecx, 4 * 512
.pages:
    mov [edi], eax
    add eax, 0x200000
    add edi, 8
    loop .pages

    lea eax, [ebp + OFFSET(gdt)]
    push eax
    push word GDT_BYTES - 1
    lgdt [esp]
    add esp, 6
    mov eax, 1 << 5                 ; CR4.PAE
    mov cr4, eax
    mov ecx, 0xc0000080             ; EFER
    rdmsr
    or eax, 1 << 8                  ; LME
    wrmsr
    mov eax, 1 << 31 | 1 << 16 | 1 << 5 | 1 << 0 ; PG, WP, NE, PE
    mov cr0, eax
    push dword CODE_SELECTOR
    lea eax, [ebp + OFFSET(start64)]
    push eax
    retf

; The Linux boot protocol's 64-bit entry: long mode is left once more, since the tables of whoever is
; here may have five levels.
; In:     RSI = boot_params, below 4 GiB as the image is; flat segments, interrupts off.
times 0x200 - ($ - $$) db 0xcc
bits 64
default rel
linux_entry64:
    cli
    cld
    lea rbp, [image_start]
    lea rsp, [stack_top]
    sub rsp, 16
    mov word [rsp], GDT_BYTES - 1
    lea rax, [gdt]
    mov [rsp + 2], rax
    lgdt [rsp]
    push qword CODE32_SELECTOR
    lea rax, [.compatible]
    push rax
    retfq
bits 32
.compatible:
    mov eax, DATA_SELECTOR
    mov ds, eax
    mov es, eax
    mov ss, eax
    mov eax, cr0
    and eax, 0x7fffffff             ; PG
    mov cr0, eax
    mov edi, BATON_BOOT_PATH_LINUX
    jmp start32

bits 64
; Applies the image's relocations, all of them R_X86_64_RELATIVE, and calls C++.
start64:
    frame_begin
    frame_no_caller
    mov eax, DATA_SELECTOR
    mov ds, eax
    mov es, eax
    mov fs, eax
    mov gs, eax
    mov ss, eax
    lea rax, [image_start]
    sub rax, LINKED_AT              ; how far it lies from where it was linked
    lea r8, [relocations_start]
    lea r9, [relocations_end]
.next:
    cmp r8, r9
    jae .done
    mov rcx, [r8]                   ; r_offset
    mov rdx, [r8 + 16]              ; r_addend
    add rdx, rax
    mov [rax + rcx], rdx
    add r8, 24
    jmp .next
.done:
    pop rdx
    mov edi, ebx
    mov esi, esi
    xor ebp, ebp
    call stage1_main
    ud2
    frame_end

align 8
gdt:
    dq 0
    dq 0x00af9b000000ffff           ; 0x08: 64-bit code
    dq 0x00cf93000000ffff           ; 0x10: data
    dq 0x00cf9b000000ffff           ; 0x18: 32-bit code, for linux_entry64
GDT_BYTES equ $ - gdt

; Multiboot2 Specification 2.0, section 3.1.
align 8
multiboot2_header:
    dd 0xe85250d6, 0, MULTIBOOT2_BYTES
    dd -(0xe85250d6 + 0 + MULTIBOOT2_BYTES)
    dw 10, 0                        ; relocatable, in whole pages, as low as may be
    dd 24, LINKED_AT, 0xffffffff, 4096, 1
    dw 5, 1                         ; a framebuffer, if there is one
    dd 20, 0, 0, 32
    align 8, db 0
    dw 6, 0                         ; modules at whole pages
    dd 8
    dw 0, 0                         ; the end
    dd 8
MULTIBOOT2_BYTES equ $ - multiboot2_header

section .note.Xen note alloc noexec nowrite align=4
    dd 4, 4, PVH_NOTE_ENTRY
    db "Xen", 0
    dd LINKED_AT + PVH_ENTRY_OFFSET

section .bss align=4096
initial_page_tables:
    resb 6 * 4096                   ; PML4, PDPT, four page directories
    resb 65536
stack_top:

section .head
PVH_ENTRY_OFFSET equ OFFSET(pvh_entry)

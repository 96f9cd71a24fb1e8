; SPDX-License-Identifier: BSD-2-Clause
;
; From 32-bit code to C++ in long mode.

%include "asm/frames.inc"
%include "asm/long_mode.inc"

extern bss_start
extern bss_end
extern stage1_main
global start32:function hidden
global start64:function hidden
global stack_top:data hidden
global initial_gdt:data hidden

STACK_BYTES equ 65536

section .head progbits alloc exec nowrite
bits 32

; In:     EAX = magic number, EDI = BatonBootPath, ESI = start information, ESP: a stack for one
;         word; flat segments, paging off, interrupts off.
; Out:    start64, with .bss cleared.
; Mapped: nothing.
start32:
    call .here
.here:
    pop ebp                         ; its address: where the image lies
    lea esp, [ebp + stack_top - .here]
    mov ebx, edi
    mov edx, eax
    lea edi, [ebp + bss_start - .here]
    lea ecx, [ebp + bss_end - .here]
    sub ecx, edi
    shr ecx, 2
    xor eax, eax
    rep stosd
    push dword 0                    ; the magic number, in 64 bits
    push edx
    lea edi, [ebp + initial_page_tables - .here]
    load_initial_tables
    lea eax, [ebp + initial_gdt - .here]
    load_gdt INITIAL_GDT_BYTES
    lea eax, [ebp + start64 - .here]
    enter_long_mode

; In:     EBX = BatonBootPath, ESI = start information, on the stack the magic number.
; Mapped: the lowest 4 GiB to themselves.
bits 64
start64:
    frame_begin
    frame_no_caller
    pop rdx
    mov edi, ebx
    mov esi, esi                    ; the upper halves are undefined
    xor ebp, ebp
    call stage1_main
    ud2
    frame_end

align 8
initial_gdt:
    dq 0, DESCRIPTOR_CODE64, DESCRIPTOR_DATA, DESCRIPTOR_CODE32
INITIAL_GDT_BYTES equ $ - initial_gdt

section .bss align=4096
initial_page_tables:
    resb INITIAL_TABLES_BYTES
    resb STACK_BYTES
stack_top:

; SPDX-License-Identifier: BSD-2-Clause
;
; The way in from 32-bit protected mode without paging: long mode first, then C++. Position
; independent.

%include "asm/frames.inc"
%include "asm/long_mode.inc"
%include "baton/handoff.inc"
%include "cpu/constants.inc"

extern gdt
extern stack_top
extern stage2_run32
extern stage2_start
global stage2_entry32

section .text align=4
bits 32

; In:     EDI = BatonHandoff*, below 4 GiB as this block is; a stack; flat segments.
; Out:    nothing, it does not return. But without what it needs to get to long mode itself, EAX =
;         BATON_REFUSED_BLOCK or BATON_REFUSED_PROCESSOR, ECX and EDX clobbered, nothing else changed.
; Mapped: nothing, there is no paging. From .long_mode on, the lowest 4 GiB to themselves.
stage2_entry32:
    push ebx
    push esi
    call .here
.here:
    pop esi
    lea eax, [esi + stage2_start - .here]
    test eax, 4095
    mov eax, BATON_REFUSED_BLOCK
    jnz .refused
    mov eax, CPUID_EXTENDED_MAX
    cpuid
    cmp eax, CPUID_EXTENDED_FEATURES
    jb .lacks_long_mode
    mov eax, CPUID_EXTENDED_FEATURES
    cpuid
    bt edx, CPUID_LONG_MODE
    jnc .lacks_long_mode

    cli                             ; there may be no IDT any more
    cld
    mov ebx, edi
    lea esp, [esi + stack_top - .here]
    lea edi, [esi + initial_tables - .here]
    load_initial_tables
    lea eax, [esi + gdt - .here]
    load_gdt SELECTOR_CODE64 + 8    ; no more of it is needed yet
    lea eax, [esi + .long_mode - .here]
    enter_long_mode
.lacks_long_mode:
    mov eax, BATON_REFUSED_PROCESSOR
.refused:
    pop esi
    pop ebx
    ret

bits 64
default rel
.long_mode:
    frame_begin
    frame_no_caller
    lea rsp, [stack_top]
    mov edi, ebx
    xor ebp, ebp
    call stage2_run32
    ud2                             ; so that the return address is within this function
    frame_end

section .initial_tables nobits alloc noexec write align=4096
initial_tables:
    resb INITIAL_TABLES_BYTES

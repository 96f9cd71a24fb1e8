; SPDX-License-Identifier: BSD-2-Clause
;
; The way in from 64-bit mode. Position independent.

%include "asm/frames.inc"

bits 64
default rel

extern stage2_check
extern stage2_run
global stage2_entry64
global stage2_entered
global stack_top

STACK_BYTES equ 2048

section .text align=4

; In:     RDI = BatonHandoff*; the caller's stack.
; Out:    EAX = BatonHandoffRefusal, ECX, EDX and the flags clobbered, nothing else changed; or it
;         does not return.
; Mapped: this block, the record and its segment array to themselves, by the caller's page tables.
stage2_entry64:
    frame_begin
    save rsi                        ; what a C++ function may change, and this one may not
    save rdi
    save r8
    save r9
    save r10
    save r11
    pushfq
    frame_push
    cld
    call stage2_check
    popfq
    frame_pop
    restore r11
    restore r10
    restore r9
    restore r8
    restore rdi
    restore rsi
    test eax, eax
    jz stage2_entered
    ret
    frame_end

; In:     RDI = BatonHandoff*, which has been checked.
; Out:    nothing, it does not return.
; Mapped: as above.
stage2_entered:
    frame_begin
    frame_no_caller
    cli
    cld
    lea rsp, [stack_top]
    xor ebp, ebp
    call stage2_run
    ud2                             ; so that the return address is within this function
    frame_end

section .bss
alignb 16
    resb STACK_BYTES
stack_top:

; SPDX-License-Identifier: BSD-2-Clause
;
; Between 4 and 5 levels of page tables. CR4.LA57 changes only while paging is off, so outside of
; long mode (Intel SDM 3A section 4.1.1). Position independent.

%include "asm/frames.inc"
%include "cpu/constants.inc"

bits 64
default rel

global switch_paging_levels

section .text align=4

; In:     EDI = CR3, ESI = CR4 with LA57 as it will be, EDX = CR0 with PG set; CR4.PCIDE is clear,
;         SELECTOR_CODE64 and SELECTOR_CODE32 are in the GDT.
; Out:    RAX clobbered.
; Mapped: this block to itself, before and after. It, its stack and the tables lie below 4 GiB.
switch_paging_levels:
    frame_begin
    lea rax, [.long_mode]
    push rax                        ; what the 32-bit far return below pops: EIP, then CS
    frame_push
    mov dword [rsp + 4], SELECTOR_CODE64
    lea rax, [.protected_mode]
    push qword SELECTOR_CODE32
    frame_push
    push rax
    frame_push
    retfq
    frame_depth 16
bits 32
.protected_mode:
    mov eax, cr0
    and eax, ~CR0_PG & 0xffffffff   ; long mode is left
    mov cr0, eax
    mov cr4, esi
    mov cr3, edi
    mov cr0, edx                    ; with EFER.LME set: long mode again
    retf
    frame_depth 8
bits 64
.long_mode:
    ret
    frame_end

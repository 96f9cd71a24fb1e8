; SPDX-License-Identifier: BSD-2-Clause
;
; Stage 2's segments, in read-only memory. "Accessed" is set already, so that the processor need not
; write here, where the kernel can't either.

%include "cpu/constants.inc"

global gdt
global gdt32

section .rodata align=8
gdt:
    dq 0, DESCRIPTOR_CODE64, DESCRIPTOR_DATA
    dq DESCRIPTOR_CODE32            ; for switch_paging_levels alone
    dq 0, 0                         ; the TSS: fault.cpp fills it in
gdt32:                              ; for a 32-bit kernel
    dq 0, DESCRIPTOR_CODE32, DESCRIPTOR_CODE32, DESCRIPTOR_DATA
    dq DESCRIPTOR_TASK32

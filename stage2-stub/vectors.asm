; SPDX-License-Identifier: BSD-2-Clause
;
; Where the processor enters for an exception or an interrupt: a stub for each vector. Position
; independent.

%include "cpu/constants.inc"

bits 64

extern fault_entry
global vector_stubs

; fault.cpp counts on these.
STUB_BYTES  equ 4                   ; two instructions
GROUP       equ 32                  ; stubs, of which each reaches the jump after them
GROUP_BYTES equ GROUP * STUB_BYTES + 8

section .text.faults progbits alloc exec nowrite

; In:     the error code if the vector has one, RIP, CS, RFLAGS, RSP, SS.
; Out:    the vector on the stack as well: a byte with its sign, of which report_fault takes the byte.
; Mapped: this block to itself; the rest is as it was.
vector_stubs:
%assign vector 0
%rep VECTORS / GROUP
  %assign group_end vector / GROUP * GROUP_BYTES + GROUP * STUB_BYTES
  %rep GROUP
    push strict byte vector - (vector & 0x80) * 2
    jmp short vector_stubs + group_end
    %assign vector vector + 1
  %endrep
    jmp strict near fault_entry
    times GROUP_BYTES - GROUP * STUB_BYTES - 5 int3
%endrep

; SPDX-License-Identifier: BSD-2-Clause
;
; Where the processor enters for exceptions, until stage 2 has its own handlers.

%include "cpu/constants.inc"

STUB_BYTES  equ 16

extern stage1_exception
global exception_stubs:data hidden

section .text
bits 64
align 16
exception_stubs:
%assign vector 0
%rep EXCEPTIONS
    align STUB_BYTES, nop
  %if (VECTORS_WITH_ERROR_CODE >> vector & 1) == 0
    push qword 0
  %endif
    push qword vector
    jmp near .report
  %assign vector vector + 1
%endrep

; In:     the vector, the error code, and what the processor has pushed, on the stack.
; Out:    nothing, it does not return.
; Mapped: the image, by its own page tables or the initial ones.
.report:
    cld
    mov rdi, rsp
    and rsp, -16
    call stage1_exception
    ud2

; SPDX-License-Identifier: BSD-2-Clause
;
; Where the processor enters for exceptions, until stage 2 has its own handlers.

VECTORS     equ 32
STUB_BYTES  equ 16
WITH_ERROR_CODE equ 1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17 | 1 << 21 | \
                    1 << 29 | 1 << 30 ; Intel SDM 3A table 6-1, AMD APM 2 section 8.2

extern stage1_exception
global exception_stubs:data hidden

section .text
bits 64
align 16
exception_stubs:
%assign vector 0
%rep VECTORS
    align STUB_BYTES, nop
  %if (WITH_ERROR_CODE >> vector & 1) == 0
    push qword 0
  %endif
    push qword vector
    jmp near .report
  %assign vector vector + 1
%endrep

; The stack has the vector, the error code, and what the processor has pushed.
.report:
    cld
    mov rdi, rsp
    and rsp, -16
    call stage1_exception
    ud2

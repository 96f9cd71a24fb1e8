; SPDX-License-Identifier: BSD-2-Clause
;
; Two symbols, and uses of each kind that make a linker leave a relocation for the loader if the
; symbols may be defined elsewhere, as in a shared object: an address in data (R_X86_64_64), an
; address in the GOT (GLOB_DAT), a call through the PLT (JUMP_SLOT).

bits 64
default rel

global relocation_subject:data 8
global relocation_function:function
global relocation_subject_address:data hidden
global relocation_subject_place:function hidden
global relocation_subject_by_got:function hidden
global relocation_function_by_plt:function hidden

section .text

; Out: RAX = the address of relocation_subject, without a relocation.
relocation_subject_place:
    lea     rax, [subject]
    ret

; Out: RAX = the same, from the GOT.
relocation_subject_by_got:
    mov     rax, [relocation_subject wrt ..got]
    ret

; Out: RAX = what relocation_function returns.
relocation_function_by_plt:
    sub     rsp, 8
    call    relocation_function wrt ..plt
    add     rsp, 8
    ret

; A section of its own: NASM makes no PLT reference within one.
section .text.subject progbits alloc exec nowrite align=16

; Out: RAX = 44441111h.
relocation_function:
    mov     eax, 0x44441111
    ret

section .data

align 8
subject:
relocation_subject:
    dq      0
relocation_subject_address:
    dq      relocation_subject wrt ..sym

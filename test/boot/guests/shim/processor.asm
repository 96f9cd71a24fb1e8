; SPDX-License-Identifier: BSD-2-Clause
;
; What processor.cpp can't say in C++.

bits 64
default rel

global set_odd_registers
global turn_on_la57

CODE_SELECTOR   equ 0x08
CODE32_SELECTOR equ 0x18
MSR_FS_BASE     equ 0xc0000100
MSR_GS_BASE     equ 0xc0000101

section .text

; Rounding towards zero, denormals as zeroes, x87 and SSE registers in use, bases, a breakpoint that
; is not enabled. Exceptions stay masked: the firmware goes on with this state.
; Clobbers RAX, RCX, RDX.
set_odd_registers:
    fninit
    fldpi
    fldl2e
    fldcw [odd_control_word]
    ldmxcsr [odd_mxcsr]
%assign register 6
%rep 10
    pcmpeqd xmm %+ register, xmm %+ register
    %assign register register + 1
%endrep
    mov eax, 0x12345000
    mov edx, 0x00006789
    mov ecx, MSR_FS_BASE
    wrmsr
    mov ecx, MSR_GS_BASE
    wrmsr
    mov dr0, rax
    mov eax, 0x000f0400             ; DR7: how long, and what it would break on
    mov dr7, rax
    ret

; As stage 2 does it: CR4.LA57 changes only while paging is off, so outside of long mode.
; In:     EDI = the new root.
; Clobbers RAX, RCX, RDX, RSI.
turn_on_la57:
    pushfq
    cli
    mov ecx, cs
    sub rsp, 16
    sgdt [rsp]
    lea rax, [gdt]
    mov [gdt_register + 2], rax
    lgdt [gdt_register]
    mov rdx, cr0
    mov rsi, cr4
    bts rsi, 12
    lea rax, [.long_mode]
    push rax                        ; becomes what the 32-bit far return below pops: EIP, then CS
    mov dword [rsp + 4], CODE_SELECTOR
    lea rax, [.protected_mode]
    push qword CODE32_SELECTOR
    push rax
    retfq
bits 32
.protected_mode:
    mov eax, edx
    and eax, 0x7fffffff             ; PG off
    mov cr0, eax
    mov cr4, esi
    mov cr3, edi
    mov cr0, edx                    ; PG on
    retf
bits 64
.long_mode:
    lgdt [rsp]
    add rsp, 16
    lea rax, [.firmware_code]
    push rcx
    push rax
    retfq
.firmware_code:
    popfq
    ret

section .rodata
odd_control_word: dw 0x0f7f
align 4
odd_mxcsr: dd 0x7fc0

section .data
align 8
gdt:
    dq 0
    dq 0x00af9b000000ffff           ; 0x08: 64-bit code
    dq 0
    dq 0x00cf9b000000ffff           ; 0x18: 32-bit code
GDT_BYTES equ $ - gdt
gdt_register:
    dw GDT_BYTES - 1
    dq 0

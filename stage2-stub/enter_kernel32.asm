; SPDX-License-Identifier: BSD-2-Clause
;
; The way out to 32-bit code. Position independent, below 4 GiB.

%include "asm/frames.inc"
%include "cpu/constants.inc"

bits 64
default rel

global enter_kernel32
global enter_kernel32.jump

section .text align=4

; In:     EDI = entry point, ESI = stack top, EDX and ECX = EAX and EBX for the kernel; gdt32 is loaded.
; Out:    the kernel: protected mode without paging.
; Mapped: this block to itself; the rest when there is no paging any more.
enter_kernel32:
    frame_begin
    frame_no_caller
    push qword SELECTOR32_CODE
    lea rax, [.protected_mode]
    push rax
    retfq
bits 32
.protected_mode:
    mov eax, SELECTOR32_DATA
    mov ds, eax
    mov es, eax
    mov fs, eax
    mov gs, eax
    mov ss, eax
    mov eax, CR0_PE | CR0_ET        ; long mode is left
    mov cr0, eax
    mov esp, esi
    mov esi, edx
    mov ebx, ecx
    mov ecx, MSR_EFER
    xor eax, eax
    xor edx, edx
    wrmsr
    mov cr4, eax
    mov eax, SELECTOR32_TASK
    ltr ax                          ; sets a bit in gdt32, which nothing protects now
    push edi
    push dword 2                    ; EFLAGS: only the bit that is always 1
    mov eax, esi
    xor ecx, ecx
    xor esi, esi
    xor edi, edi
    xor ebp, ebp
    popfd
.jump:
    ret
    frame_end

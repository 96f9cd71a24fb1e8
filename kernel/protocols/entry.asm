; SPDX-License-Identifier: BSD-2-Clause
;
; The entry of a 32-bit test kernel: notes what the processor's registers hold, and goes on in C.

bits 32

extern kernel_main
extern stack_top
global entry_state
global start

section .bss
entry_state:                        ; entry.h
.general:   resd 8                  ; EAX, EBX, ECX, EDX, ESI, EDI, EBP, ESP
.control:   resd 4                  ; EFLAGS, CR0, CR4, EFER
.selectors: resw 8                  ; CS, DS, ES, FS, GS, SS, TR, LDTR
.gdt:       resw 4
.idt:       resw 4

; Far from the rest, in the file, in virtual and in physical memory: FAR_FILE_BYTES of entry.h.
section .far.data progbits alloc noexec write align=8
%assign i 0
%rep 5000
    db (i * 7 + 3) & 0xff
  %assign i i + 1
%endrep
section .far.bss nobits alloc noexec write align=8
    resb 9000

section .text
start:
    mov [entry_state.general], eax
    mov [entry_state.general + 4], ebx
    mov [entry_state.general + 8], ecx
    mov [entry_state.general + 12], edx
    mov [entry_state.general + 16], esi
    mov [entry_state.general + 20], edi
    mov [entry_state.general + 24], ebp
    mov [entry_state.general + 28], esp
    mov esp, stack_top
    pushfd
    pop dword [entry_state.control]
    mov eax, cr0
    mov [entry_state.control + 4], eax
    mov eax, cr4
    mov [entry_state.control + 8], eax
    mov ecx, 0xc0000080
    rdmsr
    mov [entry_state.control + 12], eax
    mov [entry_state.selectors], cs
    mov [entry_state.selectors + 2], ds
    mov [entry_state.selectors + 4], es
    mov [entry_state.selectors + 6], fs
    mov [entry_state.selectors + 8], gs
    mov [entry_state.selectors + 10], ss
    str [entry_state.selectors + 12]
    sldt [entry_state.selectors + 14]
    sgdt [entry_state.gdt]
    sidt [entry_state.idt]
    xor ebp, ebp
    call kernel_main
.stop:
    cli
    hlt
    jmp .stop

; SPDX-License-Identifier: BSD-2-Clause
;
; The ends of stage 2 that C++ can't express: the way in and the way out. Position independent.

%include "asm/frames.inc"
%include "baton/handoff.inc"

bits 64
default rel

extern stage2_check
extern stage2_run
extern stage2_start
global stage2_entry64
global stage2_entered
global stack_top
global gdt
global load_flat_segments
global enter_kernel
global enter_kernel.jump
global switch_paging_levels
global task_descriptor

CODE_SELECTOR   equ 0x08
DATA_SELECTOR   equ 0x10
CODE32_SELECTOR equ 0x18
TASK_SELECTOR   equ 0x20
CR4_LA57_BIT    equ 12
STACK_BYTES     equ 2048

section .text

; In:     RDI = BatonHandoff*, on the caller's stack; this block, the record and its segments are
;         identity-mapped, by the caller's page tables and by the record's.
; Out:    EAX = BatonHandoffRefusal, ECX and EDX clobbered, nothing else changed; or it does not
;         return.
stage2_entry64:
    frame_begin
    push rsi
    frame_push rsi
    mov rax, cr4
    xor eax, [rdi + BatonHandoff.cr4]
    shr eax, CR4_LA57_BIT
    and eax, 1
    mov esi, eax                    ; whether the number of paging levels changes
    lea rcx, [stage2_start]
    call stage2_check
    test eax, eax
    jnz .refused
    lea rcx, [stage2_start]
    shr rcx, 32
    jz stage2_entered
    test esi, esi
    jz stage2_entered
    mov eax, BATON_REFUSED_BLOCK
.refused:
    pop rsi
    frame_pop rsi
    ret
    frame_end

; In:     RDI = BatonHandoff*, in its lower half: that has been checked. This block and the record are
;         identity-mapped, as of now.
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

; Loads the flat GDT below, all segment registers, and the task register. The task's descriptor has
; been filled in, and CR0.WP is off: the processor will mark it as busy, in a page that may be
; read-only.
; Clobbers RAX.
load_flat_segments:
    frame_begin
    lea rax, [gdt]
    push rax
    frame_push
    push word gdt_end - gdt - 1
    frame_depth 18
    lgdt [rsp]
    add rsp, 10
    frame_depth 8
    mov eax, DATA_SELECTOR
    mov ds, eax
    mov es, eax
    mov fs, eax
    mov gs, eax
    mov ss, eax
    xor eax, eax
    lldt ax
    mov eax, TASK_SELECTOR
    ltr ax
    pop rax                         ; return address
    frame_pop
    frame_caller_in rax
    push qword CODE_SELECTOR
    frame_push
    push rax
    frame_push
    retfq
    frame_end

; Between 4 and 5 levels: CR4.LA57 changes only while paging is off, so outside of long mode (Intel
; SDM 3A section 4.1.1). This block and the page tables lie below 4 GiB.
; In:     EDI = CR3, ESI = CR4 with LA57 as it will be, EDX = CR0 with PG set; PCIDE is off.
; Clobbers RAX.
switch_paging_levels:
    frame_begin
    lea rax, [.long_mode]
    push rax                        ; becomes what the 32-bit far return below pops: EIP, then CS
    frame_push
    mov dword [rsp + 4], CODE_SELECTOR
    lea rax, [.protected_mode]
    push qword CODE32_SELECTOR
    frame_push
    push rax
    frame_push
    retfq
    frame_depth 16
bits 32
.protected_mode:
    mov eax, cr0
    and eax, 0x7fffffff             ; PG off: long mode is left
    mov cr0, eax
    mov cr4, esi
    mov cr3, edi
    mov cr0, edx                    ; PG on with EFER.LME set: long mode again
    retf
    frame_depth 8
bits 64
.long_mode:
    ret
    frame_end

; In:     RDI = BootInfo, RSI = entry point, RDX = stack top: virtual, mapped in the kernel's tables.
; Out:    the kernel, with the registers of the boot protocol.
enter_kernel:
    frame_begin
    mov rsp, rdx
    frame_no_caller
    push qword 0                    ; the kernel's return address: a backtrace ends there
    push rsi
    push qword 2                    ; RFLAGS: only the bit that is always 1
    xor eax, eax
    xor ebx, ebx
    xor ecx, ecx
    xor edx, edx
    xor esi, esi
    xor ebp, ebp
    xor r8d, r8d
    xor r9d, r9d
    xor r10d, r10d
    xor r11d, r11d
    xor r12d, r12d
    xor r13d, r13d
    xor r14d, r14d
    xor r15d, r15d
    popfq
.jump:
    ret
    frame_end

section .rodata

; "Accessed" is set already, so that the processor need not write here, where the kernel can't either.
align 8
gdt:
    dq 0
    dq 0x00af9b000000ffff           ; 0x08: 64-bit code, ring 0
    dq 0x00cf93000000ffff           ; 0x10: data, ring 0
    dq 0x00cf9b000000ffff           ; 0x18: 32-bit code, ring 0, for switch_paging_levels alone
task_descriptor:
    dq 0, 0                         ; 0x20: the TSS, as install_fault_reports() knows its address
gdt_end:

section .bss
alignb 16
    resb STACK_BYTES
stack_top:

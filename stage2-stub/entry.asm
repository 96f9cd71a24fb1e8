; SPDX-License-Identifier: BSD-2-Clause
;
; The ends of stage 2 that C++ can't express: the way in, the way out, and the exception stubs.
; All of it is position independent.

bits 64
default rel

extern stage2_check
extern stage2_run
extern report_fault
global stage2_entry64
global load_flat_segments
global enter_kernel
global fault_stubs
global switch_paging_levels

CODE_SELECTOR   equ 0x08
DATA_SELECTOR   equ 0x10
CODE32_SELECTOR equ 0x18
STACK_BYTES     equ 2048
FAULT_STUB_LOG2 equ 3               ; a stub takes 8 bytes

section .text

; In:     RDI = BatonHandoff*, on the caller's stack; this block, the record and its segments are
;         identity-mapped, by the caller's page tables and by the record's.
; Out:    EAX = BatonHandoffRefusal, nothing changed; or it does not return.
stage2_entry64:
    push rdi
    call stage2_check
    pop rdi
    test eax, eax
    jnz .refused
    cli
    cld
    lea rsp, [stack_top]
    xor ebp, ebp                    ; backtraces end here
    call stage2_run
.refused:
    ret

; Loads the flat GDT below and all segment registers.
; Clobbers RAX.
load_flat_segments:
    lea rax, [gdt]
    push rax
    push word GDT_BYTES - 1
    lgdt [rsp]
    add rsp, 10
    mov eax, DATA_SELECTOR
    mov ds, eax
    mov es, eax
    mov fs, eax
    mov gs, eax
    mov ss, eax
    xor eax, eax
    lldt ax
    pop rax                         ; return address
    push qword CODE_SELECTOR
    push rax
    retfq

; Between 4 and 5 levels: CR4.LA57 changes only while paging is off, so outside of long mode (Intel
; SDM 3A section 4.1.1). This block and the page tables lie below 4 GiB.
; In:     EDI = CR3, ESI = CR4 with LA57 as it will be, EDX = CR0 with PG set; PCIDE is off.
; Clobbers RAX.
switch_paging_levels:
    lea rax, [.long_mode]
    push rax                        ; becomes what the 32-bit far return below pops: EIP, then CS
    mov dword [rsp + 4], CODE_SELECTOR
    lea rax, [.protected_mode]
    push qword CODE32_SELECTOR
    push rax
    retfq
bits 32
.protected_mode:
    mov eax, cr0
    and eax, 0x7fffffff             ; PG off: long mode is left
    mov cr0, eax
    mov cr4, esi
    mov cr3, edi
    mov cr0, edx                    ; PG on with EFER.LME set: long mode again
    retf
bits 64
.long_mode:
    ret

; In:     RDI = BootInfo, RSI = entry point, RDX = stack top: virtual, mapped in the kernel's tables.
; Out:    the kernel, with the registers of the boot protocol.
enter_kernel:
    mov rsp, rdx
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
    ret

; One stub for each exception vector. The address that its call pushes tells the vector.
align 1 << FAULT_STUB_LOG2
fault_stubs:
%rep 32
    call fault_common
    align 1 << FAULT_STUB_LOG2
%endrep

; In:     the stub's return address, then what the processor pushed for the exception.
fault_common:
    cld
    pop rdi
    lea rax, [fault_stubs]
    sub rdi, rax
    shr edi, FAULT_STUB_LOG2        ; vector
    mov rsi, rsp                    ; error code, if the vector has one; then RIP, CS, RFLAGS, …
    and rsp, -16
    call report_fault

section .rodata

; "Accessed" is set already, so that the processor need not write here, and the page stays read-only.
align 8
gdt:
    dq 0
    dq 0x00af9b000000ffff           ; 0x08: 64-bit code, ring 0
    dq 0x00cf93000000ffff           ; 0x10: data, ring 0
    dq 0x00cf9b000000ffff           ; 0x18: 32-bit code, ring 0, for switch_paging_levels alone
GDT_BYTES equ $ - gdt

section .bss
alignb 16
    resb STACK_BYTES
stack_top:

; SPDX-License-Identifier: BSD-2-Clause
;
; The ends of the caller that C can't express: the way in by PVH, the calls of stage 2's entries, and
; the kernel that it hands over to.

global _start
global call_entry32
global call_entry64
global copy64
global kernel_code
global kernel_code_end
global orders_code
global orders_code_end
global mailbox_trampoline
global mailbox_trampoline_end
global kernel32_code
global kernel32_code_end
global stage2_file
global stage2_file_end
extern caller_main
%ifdef WITH_PROCESSORS
extern mailbox
extern root
%endif

PRESERVED   equ 0x5a5a0000          ; and a number: in registers that stage 2 leaves alone
CHANGED     equ 0xdead              ; returned instead of a refusal if it didn't
CR0_PG      equ 1 << 31
CR4_PAE     equ 1 << 5
MSR_EFER    equ 0xc0000080
EFER_LME    equ 1 << 8
CODE64      equ 0x08
DATA        equ 0x10
CODE32      equ 0x18

bits 32

section .note.pvh note alloc noexec nowrite align=4
    dd 4, 4, 18                     ; XEN_ELFNOTE_PHYS32_ENTRY
    db "Xen", 0
    dd _start

section .text

; In:     EBX = hvm_start_info; flat segments, paging off.
_start:
    mov esp, stack_top
    lgdt [gdtr]
    jmp CODE32:.flat
.flat:
    mov eax, DATA
    mov ds, eax
    mov es, eax
    mov ss, eax
    push ebx
    call caller_main
.stop:
    hlt
    jmp .stop

; uint32_t call_entry32(uint32_t entry, uint32_t record)
call_entry32:
    pushad
    mov eax, [esp + 36]
    mov edi, [esp + 40]
    mov ebx, PRESERVED + 1
    mov esi, PRESERVED + 2
    mov ebp, PRESERVED + 3
    mov [expected_stack], esp
    call eax
    cmp esp, [expected_stack]
    jne .changed
    cmp ebx, PRESERVED + 1
    jne .changed
    cmp esi, PRESERVED + 2
    jne .changed
    cmp ebp, PRESERVED + 3
    jne .changed
    cmp edi, [esp + 40]
    je .done
.changed:
    mov eax, CHANGED
.done:
    mov esp, [expected_stack]
    mov [esp + 28], eax             ; EAX of POPAD
    popad
    ret

; uint32_t call_entry64(uint32_t entry_low, uint32_t entry_high, uint32_t record, uint32_t cr3,
;                       uint32_t cr4)
; Into long mode, and out of it again.
call_entry64:
    pushad
    mov eax, [esp + 48]
    mov cr3, eax
    mov eax, [esp + 52]
    mov cr4, eax
    mov ecx, MSR_EFER
    rdmsr
    push eax
    or eax, EFER_LME | 1 << 11      ; NXE
    wrmsr
    pop esi                         ; EFER as it was
    mov eax, cr0
    or eax, CR0_PG
    mov cr0, eax
    jmp CODE64:.long_mode
bits 64
.long_mode:
    mov eax, esp
    mov rsp, rax
    push rsi
    mov eax, [rax + 36]
    mov edx, [rsp + 8 + 40]
    shl rdx, 32
    or rax, rdx
    mov edi, [rsp + 8 + 44]
    push rdi
    mov rdx, cr0
    push rdx
    mov rdx, cr3
    push rdx
    mov rdx, cr4
    push rdx
    mov ebx, PRESERVED + 1
    mov esi, PRESERVED + 2
    mov ebp, PRESERVED + 3
    mov r12d, PRESERVED + 4
    mov r15d, PRESERVED + 5
    mov [expected_stack], rsp
    call rax
    cmp rsp, [expected_stack]
    jne .changed
    cmp rbx, PRESERVED + 1
    jne .changed
    cmp rsi, PRESERVED + 2
    jne .changed
    cmp rbp, PRESERVED + 3
    jne .changed
    cmp r12, PRESERVED + 4
    jne .changed
    cmp r15, PRESERVED + 5
    jne .changed
    mov rdx, cr4
    cmp rdx, [rsp]
    jne .changed
    mov rdx, cr3
    cmp rdx, [rsp + 8]
    jne .changed
    mov rdx, cr0
    cmp rdx, [rsp + 16]
    jne .changed
    cmp rdi, [rsp + 24]
    je .done
.changed:
    mov eax, CHANGED
.done:
    mov rsp, [expected_stack]
    add rsp, 32
    pop rsi
    mov edi, eax
    push CODE32
    push .protected_mode
    retfq
bits 32
.protected_mode:
    mov eax, cr0
    and eax, ~CR0_PG
    mov cr0, eax
    xor eax, eax
    mov cr4, eax
    mov cr3, eax
    mov ecx, MSR_EFER
    xor edx, edx
    mov eax, esi
    wrmsr
    mov [esp + 28], edi             ; EAX of POPAD
    popad
    ret

; To be called as an entry is, with the address of three 64-bit numbers: from where to where, and how
; many bytes.
bits 64
copy64:
    push rsi
    push rdi
    mov rsi, [rdi]
    mov rcx, [rdi + 16]
    mov rdi, [rdi + 8]
    rep movsb
    pop rdi
    pop rsi
    ret

; What stage 2 copies to the kernel's address. Its report tells of all registers.
bits 64
align 16
kernel_code:
    ud2
    align 16                        ; the second entry: what is not in the report goes into registers
    mov ecx, 0x277                  ; IA32_PAT
    rdmsr
    shl rdx, 32
    or rax, rdx
    mov rbx, dr7
    stmxcsr [rsp - 8]
    mov r8d, [rsp - 8]
    fnstcw [rsp - 8]
    movzx r9d, word [rsp - 8]
    str r10d
    mov r11d, ds
    mov r12d, es
    mov r13d, fs
    mov r14d, gs
    sldt r15d
    sgdt [rsp - 16]
    movzx edx, word [rsp - 16]
    sidt [rsp - 16]
    movzx ebp, word [rsp - 16]
    lea rsi, [rel kernel_code_end]
    mov rsi, [rsi]                  ; the first word behind the file's bytes
    ud2
    align 8
kernel_code_end:

; Writes to the go words of processors.c.
bits 64
    align 64
orders_code:
    mov rcx, [rdi]
    mov rax, [rdi + 8]
.next:
    dec rcx
    js .then
    mov rbx, [rdi + 24 + rcx * 8]
    test rbx, rbx
    jz .next
    mov [rbx], rax
    jmp .next
.then:
    cmp qword [rdi + 16], 0
    je .wait
    ud2
.wait:
    hlt
    jmp .wait
    align 64
    mov ecx, 0x2ff                  ; IA32_MTRR_DEF_TYPE
    rdmsr
    ud2
orders_code_end:

; Processors wait as the mailbox of ACPI 6.5 section 5.2.12.19 has it.
bits 16
    align 16
mailbox_trampoline:
    cli
    o32 lgdt [cs:.gdtr - mailbox_trampoline]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp dword CODE32:mailbox_wait
.gdtr:
    dw gdt.end - gdt - 1
    dd gdt
mailbox_trampoline_end:
bits 32
mailbox_wait:
%ifdef WITH_PROCESSORS
    mov eax, DATA
    mov ds, eax
    mov ss, eax
    mov eax, CR4_PAE
    mov cr4, eax
    mov eax, root
    mov cr3, eax
    mov ecx, MSR_EFER
    mov eax, EFER_LME | 1 << 11
    xor edx, edx
    wrmsr
    mov eax, cr0
    or eax, CR0_PG
    mov cr0, eax
    jmp CODE64:.long_mode
bits 64
.long_mode:
    mov eax, 1
    cpuid
    shr ebx, 24
.poll:
    pause
    cmp word [mailbox], 1
    jne .poll
    cmp [mailbox + 4], ebx
    jne .poll
    mov rax, [mailbox + 8]
    mov word [mailbox], 0
    jmp rax
%endif

; The same for a 32-bit kernel.
bits 32
    align 16
kernel32_code:
    ud2
    align 16
    mov esi, esp
    sub esp, 16
    sgdt [esp]
    movzx ecx, word [esp]
    sidt [esp]
    movzx edx, word [esp]
    mov esp, esi
    str esi
    sldt edi
    mov ebp, ds
    mov eax, es
    mov ebx, fs
    shl ebx, 16
    mov bx, gs
    ud2
kernel32_code_end:

section .rodata align=8
    dd 0
gdtr:
    dw gdt.end - gdt - 1
    dd gdt
align 8
gdt:
    dq 0
    dq 0x00af9b000000ffff           ; CODE64
    dq 0x00cf93000000ffff           ; DATA
    dq 0x00cf9b000000ffff           ; CODE32
.end:
stage2_file:
    incbin STAGE2_BIN
stage2_file_end:

section .bss nobits alloc noexec write align=16
expected_stack:
    resq 1
    resb 16384
alignb 16
stack_top:

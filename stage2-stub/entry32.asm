; SPDX-License-Identifier: BSD-2-Clause
;
; The way in from 32-bit protected mode without paging, straight into the record's page tables.
; Position independent.

%include "baton/handoff.inc"

bits 32

extern gdt
extern stack_top
extern stage2_check
extern stage2_entered
extern stage2_memory_end
extern stage2_start
extern stage2_writable
global stage2_entry32

CODE_SELECTOR   equ 0x08
CR4_PAE         equ 1 << 5
CR4_LA57        equ 1 << 12
EFER_LMA        equ 1 << 10
EFER_NXE_BYTE1  equ 1 << 3          ; bit 11
MSR_EFER        equ 0xc0000080

ENTRY_PRESENT   equ 1 << 0
ENTRY_WRITABLE  equ 1 << 1
ENTRY_LARGE     equ 1 << 7
ENTRY_NX        equ 1 << 31         ; of its upper half
ADDRESS_HIGH    equ 0x000fffff      ; the same

; lea_near register, symbol: by its distance from stage2_entry32.here, whose address is in EBX.
%macro lea_near 2
    db 0x8d, 0x83 | NUMBER_OF_%1 << 3
    dd %2 - $ + ($ - stage2_entry32.here)
%endmacro
NUMBER_OF_eax   equ 0               ; in an instruction
NUMBER_OF_ecx   equ 1
NUMBER_OF_esp   equ 4
NUMBER_OF_esi   equ 6

section .text

; In:     EDI = BatonHandoff*, on the caller's stack; flat segments. This block, the record, its
;         segments, and the page tables that map them to themselves lie below 4 GiB.
; Out:    EAX = BatonHandoffRefusal, ECX and EDX clobbered, nothing else changed; or it does not
;         return.
stage2_entry32:
    push ebx
    push esi
    push ebp
    call .here
.here:
    pop ebx
    lea_near ecx, stage2_start
    or esi, -1
    call stage2_check
    test eax, eax
    jnz .refused
    call check_mappings
    mov eax, BATON_REFUSED_MAPPING
    jc .refused

    cli                             ; there may be no IDT any more
    lea_near esp, stack_top
    lea_near eax, gdt
    push eax
    push word CODE_SELECTOR + 7     ; no more of it is needed yet
    lgdt [esp]
    mov eax, [edi + BatonHandoff.cr4]
    and eax, CR4_LA57
    or al, CR4_PAE
    mov cr4, eax
    mov eax, [edi + BatonHandoff.page_table_root]
    mov cr3, eax
    mov eax, [edi + BatonHandoff.efer]
    and eax, ~EFER_LMA              ; follows from what comes next
    xor edx, edx
    mov ecx, MSR_EFER
    wrmsr
    mov eax, [edi + BatonHandoff.cr0]
    mov cr0, eax                    ; long mode, though still 32-bit code
    push CODE_SELECTOR
    lea_near eax, stage2_entry32.long_mode
    push eax
    retf

.refused:
    pop ebp
    pop esi
    pop ebx
    ret

bits 64
.long_mode:
    mov edi, edi                    ; the upper halves of registers are undefined
    jmp stage2_entered
bits 32

; Whether the record's page tables map this block and the record to themselves.
; In:     EDI = BatonHandoff*, EBX as for lea_near.
; Out:    CF set if they don't. Clobbers EAX, ECX, EDX, ESI, EBP.
check_mappings:
    mov ebp, ENTRY_NX | ENTRY_PRESENT
    lea_near esi, stage2_start
.code:
    call check_mapping
    jc .bad
    add esi, 4096
    lea_near eax, stage2_writable
    cmp esi, eax
    jb .code
    mov ebp, ENTRY_PRESENT | ENTRY_WRITABLE
.data:
    call check_mapping
    jc .bad
    add esi, 4096
    lea_near eax, stage2_memory_end
    cmp esi, eax
    jb .data
    mov ebp, ENTRY_PRESENT
    mov esi, edi
    call check_mapping
    jc .bad
    mov eax, [edi + BatonHandoff.size]
    cmp eax, BatonHandoff_size
    jb .record_ends
    mov eax, BatonHandoff_size
.record_ends:
    lea esi, [edi + eax - 1]
    jmp check_mapping
.bad:
    ret

; In:     ESI = address, EDI = BatonHandoff*, EBP = ENTRY_PRESENT and ENTRY_WRITABLE: what each entry
;         on the way must have; ENTRY_NX: what none may have.
; Out:    CF set if the address isn't mapped to itself, or by a table above 4 GiB, which can't be read
;         here. Clobbers EAX, ECX, EDX.
check_mapping:
    mov eax, [edi + BatonHandoff.page_table_root]
    mov ecx, 39                     ; an entry of level 4 maps 2^39 bytes
    test dword [edi + BatonHandoff.cr4], CR4_LA57
    jz .levels_known
    mov cl, 48
.levels_known:
    test byte [edi + BatonHandoff.efer + 1], EFER_NXE_BYTE1
    jnz .next_level
    or ebp, ENTRY_NX                ; reserved then
.next_level:
    xor edx, edx                    ; index in the table
    cmp cl, 32
    jae .index_known
    mov edx, esi
    shr edx, cl
    and edx, 511
.index_known:
    lea edx, [eax + edx * 8]
    mov eax, [edx]
    mov edx, [edx + 4]
    test edx, ebp
    js .bad
    and edx, ADDRESS_HIGH
    not eax
    test ax, bp
    not eax                         ; leaves the flags alone
    jnz .bad
    cmp cl, 12
    je .page
    test al, ENTRY_LARGE
    jnz .page
    test edx, edx
    jnz .bad
    and eax, ~4095
    sub cl, 9
    jmp .next_level
.page:
    xor eax, esi
    shr eax, cl
    or eax, edx
    jz .end
.bad:
    stc
.end:
    ret

; SPDX-License-Identifier: BSD-2-Clause
;
; What both entries look at before anything is touched. It is the same bytes for both: each of these
; instructions means the same in 64-bit and in 32-bit mode, where RDI is EDI, and so on. So 64-bit
; values are compared by halves; a REX.W prefix stands only where a DEC EAX, which it is in 32-bit
; mode, does no harm.

%include "asm/frames.inc"
%include "baton/handoff.inc"

bits 64
default abs

global stage2_check
global is_canonical:function hidden
global cpuid_leaf:function hidden

CR0_PAGING_PROTECTED equ 0x80000001 ; PG, PE
CR0_LOOKED_AT   equ 0xe000000d      ; and CD, NW, TS, EM, which are 0
CR4_PAE         equ 1 << 5
CR4_LA57_BYTE1  equ 1 << 4          ; bit 12
EFER_LME_BYTE1  equ 1 << 0          ; bit 8
EFER_NXE_BYTE1  equ 1 << 3          ; bit 11
CPUID_LONG_MODE equ 29              ; 80000001h, EDX
CPUID_NX        equ 20              ; the same
CPUID_LA57      equ 16              ; 7, ECX

%define HIGH(field) field + 4       ; the upper half of a 64-bit field

section .text

; In:     RDI = BatonHandoff*, ECX = this block's address, or its lower half; ESI = 0: 64-bit mode;
;         1: the same, and the number of paging levels will change; -1: 32-bit mode without paging.
; Out:    EAX = BatonHandoffRefusal, or 0. Clobbers ECX, EDX.
stage2_check:
    frame_begin
    push rbx
    frame_push rbx
    push rbp
    frame_push rbp
    push rsi
    frame_push rsi
    xor ebx, ebx

    inc ebx                         ; BATON_REFUSED_MAGIC
    cmp dword [rdi + BatonHandoff.magic], BATON_HANDOFF_MAGIC & 0xffffffff
    jne .done
    cmp dword [rdi + HIGH(BatonHandoff.magic)], BATON_HANDOFF_MAGIC >> 32
    jne .done
    inc ebx                         ; BATON_REFUSED_VERSION
    cmp word [rdi + BatonHandoff.version_major], BATON_HANDOFF_VERSION_MAJOR
    jne .done
    inc ebx                         ; BATON_REFUSED_SIZE
    cmp dword [rdi + BatonHandoff.size], BATON_HANDOFF_BYTES_1_0
    jb .done
    inc ebx                         ; BATON_REFUSED_BLOCK
    test ecx, 4095
    jnz .done

    inc ebx                         ; BATON_REFUSED_PROCESSOR
    mov eax, 0x80000000
    call cpuid_leaf
    cmp eax, 0x80000008
    jb .done
    mov eax, 0x80000001
    call cpuid_leaf
    bt edx, CPUID_LONG_MODE
    jnc .done
    bt edx, CPUID_NX
    jc .has_nx
    test byte [rdi + BatonHandoff.efer + 1], EFER_NXE_BYTE1
    jnz .done
.has_nx:
    mov ebp, 15                     ; bits 47 to 63 of a canonical address are equal
    test byte [rdi + BatonHandoff.cr4 + 1], CR4_LA57_BYTE1
    jz .levels_known
    mov ebp, 24                     ; bits 56 to 63
    xor eax, eax
    call cpuid_leaf
    cmp eax, 7
    jb .done
    mov eax, 7
    call cpuid_leaf
    bt ecx, CPUID_LA57
    jnc .done
.levels_known:

    inc ebx                         ; BATON_REFUSED_CONTROL
    mov eax, [rdi + BatonHandoff.cr0]
    and eax, CR0_LOOKED_AT
    cmp eax, CR0_PAGING_PROTECTED
    jne .done
    test byte [rdi + BatonHandoff.cr4], CR4_PAE
    jz .done
    test byte [rdi + BatonHandoff.efer + 1], EFER_LME_BYTE1
    jz .done
    mov eax, [rdi + HIGH(BatonHandoff.cr0)]
    or eax, [rdi + HIGH(BatonHandoff.cr4)]
    or eax, [rdi + HIGH(BatonHandoff.efer)]
    jz .check_page_tables
.done:
    mov eax, ebx
    pop rsi
    frame_pop rsi
    pop rbp
    frame_pop rbp
    pop rbx
    frame_pop rbx
    ret

.check_page_tables:
    frame_depth 32
    frame_saved rbx, 16
    frame_saved rbp, 24
    frame_saved rsi, 32
    inc ebx                         ; BATON_REFUSED_PAGE_TABLES
    mov eax, 0x80000008
    call cpuid_leaf
    mov ecx, eax                    ; MAXPHYADDR, of which a shift takes what is above 32
    mov eax, [rdi + HIGH(BatonHandoff.page_table_root)]
    test esi, esi
    jz .wide
    test eax, eax
    jnz .done
.wide:
    shr eax, cl
    test eax, eax
    jnz .done
    test dword [rdi + BatonHandoff.page_table_root], 4095
    jnz .done

    inc ebx                         ; BATON_REFUSED_ADDRESS
    mov ecx, ebp
    mov eax, [rdi + HIGH(BatonHandoff.direct_map_base)]
    call is_canonical
    ja .done
    mov eax, [rdi + HIGH(BatonHandoff.kernel_entry)]
    call is_canonical
    ja .done
    mov eax, [rdi + HIGH(BatonHandoff.boot_info)]
    call is_canonical
    ja .done
    mov eax, [rdi + HIGH(BatonHandoff.kernel_stack_top)]
    call is_canonical
    ja .done
    test byte [rdi + BatonHandoff.kernel_stack_top], 15
    jnz .done

    inc ebx                         ; BATON_REFUSED_SEGMENTS
    mov eax, [rdi + BatonHandoff.segment_entry_bytes]
    cmp eax, BatonHandoffSegment_size
    jb .done
    mul dword [rdi + BatonHandoff.segment_count]
    add eax, [rdi + BatonHandoff.segments]
    adc edx, [rdi + HIGH(BatonHandoff.segments)]
    jc .done
    test esi, esi
    jns .segments_in_reach
    test edx, edx
    jnz .done
.segments_in_reach:
    mov ebp, [rdi + BatonHandoff.segment_count]
    inc ebx                         ; BATON_REFUSED_SEGMENT
    mov rsi, [rdi + BatonHandoff.segments] ; REX.W
.next_segment:
    sub ebp, 1
    jc .good
    mov eax, [rsi + BatonHandoffSegment.memory_bytes]
    mov edx, [rsi + HIGH(BatonHandoffSegment.memory_bytes)]
    sub eax, [rsi + BatonHandoffSegment.file_bytes]
    sbb edx, [rsi + HIGH(BatonHandoffSegment.file_bytes)]
    jc .done
    mov eax, [rsi + BatonHandoffSegment.memory_bytes]
    mov edx, [rsi + HIGH(BatonHandoffSegment.memory_bytes)]
    sub eax, 1
    sbb edx, 0
    jc .behind_segment              ; it has no bytes
    add eax, [rsi + BatonHandoffSegment.destination]
    adc edx, [rsi + HIGH(BatonHandoffSegment.destination)]
    jc .done                     ; it goes round the end of the address space,
    mov eax, edx
    xor eax, [rsi + HIGH(BatonHandoffSegment.destination)]
    js .done                     ; or through its middle
    mov eax, edx
    call is_canonical
    ja .done
    mov eax, [rsi + HIGH(BatonHandoffSegment.destination)]
    call is_canonical
    ja .done
.behind_segment:
    mov edx, [rdi + BatonHandoff.segment_entry_bytes]
    add rsi, rdx                    ; REX.W
    jmp .next_segment
.good:
    xor ebx, ebx
    jmp .done
    frame_end

; In:     EAX = upper half of an address, CL = how far to shift it until the bits are left that are
;         equal in a canonical address.
; Out:    "above" if it isn't canonical. Clobbers EAX.
is_canonical:
    frame_begin
    sar eax, cl
    inc eax
    cmp eax, 1
    ret
    frame_end

; CPUID, with ECX = 0 going in and EBX kept.
cpuid_leaf:
    frame_begin
    push rbx
    frame_push rbx
    xor ecx, ecx
    cpuid
    pop rbx
    frame_pop rbx
    ret
    frame_end

; SPDX-License-Identifier: BSD-2-Clause
;
; baton.bzimage: what makes the image a Linux kernel for loaders that speak the Linux boot protocol
; (Linux's documentation, arch/x86/boot), with the image behind it. Those that enter it in protected
; or long mode read only the header; for the others, here is what 16-bit code has to do: ask the BIOS
; for the memory map and go to protected mode. This sector and the seven behind it become the boot
; parameters; the code lies where these have nothing.
;
; nasm -f bin -DIMAGE_BIN=… -DIMAGE_MEMORY=…

PROTOCOL        equ 0x020f
SECTORS         equ 8
LINKED_AT       equ 0x100000
E820_COUNT      equ 0x1e8
E820_TABLE      equ 0x2d0
E820_ENTRIES    equ 128
CODE_SELECTOR   equ 0x10            ; as the protocol has them for its 32-bit entry
DATA_SELECTOR   equ 0x18

bits 16
org 0

times 0x1f1 - ($ - $$) db 0
    db SECTORS - 1                  ; setup_sects
    dw 0                            ; root_flags
    dd (IMAGE_BYTES + 15) / 16      ; syssize
    dw 0, 0, 0                      ; ram_size, vid_mode, root_dev
    dw 0xaa55                       ; boot_flag
    jmp strict short entry
    db "HdrS"
    dw PROTOCOL
    dd 0                            ; realmode_swtch
    dw 0                            ; start_sys_seg
    dw version - 0x200              ; kernel_version
    db 0                            ; type_of_loader: its own
    db 1                            ; loadflags: LOADED_HIGH
    dw 0                            ; setup_move_size
code32_start:
    dd LINKED_AT
    dd 0, 0                         ; ramdisk_image, ramdisk_size
    dd 0                            ; bootsect_kludge
    dw 0                            ; heap_end_ptr
    db 0, 0                         ; ext_loader_ver, ext_loader_type
    dd 0                            ; cmd_line_ptr
    dd 0x7fffffff                   ; initrd_addr_max
    dd 0x1000                       ; kernel_alignment
    db 1                            ; relocatable_kernel
    db 12                           ; min_alignment, a power of two
    dw 1                            ; xloadflags: XLF_KERNEL_64
    dd 65535                        ; cmdline_size
    dd 0                            ; hardware_subarch
    dq 0                            ; hardware_subarch_data
    dd 0, 0                         ; payload_offset, payload_length
    dq 0                            ; setup_data
    dq LINKED_AT                    ; pref_address
    dd IMAGE_MEMORY                 ; init_size
    dd 0                            ; handover_offset
    dd 0                            ; kernel_info_offset
entry:
    jmp start

times E820_TABLE - ($ - $$) db 0
times E820_ENTRIES * 20 db 0

; In:     DS = ES = SS, the segment of this image's first byte; CS = that + 0x20.
start:
    cld
    push ds
    push word .normalised
    retf
.normalised:
    xor ebx, ebx
    mov di, E820_TABLE
    xor bp, bp
.next_range:
    mov eax, 0xe820
    mov edx, 0x534d4150             ; "SMAP"
    mov ecx, 20
    int 0x15
    jc .have_map
    cmp eax, 0x534d4150
    jne .have_map
    add di, 20
    inc bp
    test ebx, ebx
    jz .have_map
    cmp bp, E820_ENTRIES
    jb .next_range
.have_map:
    mov ax, bp
    mov [E820_COUNT], al

    mov ax, 0x2401                  ; A20 on, by the BIOS
    int 0x15
    in al, 0x92                     ; and by the chipset
    or al, 2
    and al, 0xfe
    out 0x92, al

    cli
    xor esi, esi
    mov si, ds
    shl esi, 4                      ; where the boot parameters are
    add [gdt_base], esi
    lgdt [gdt_register]
    mov edx, [code32_start]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    push dword CODE_SELECTOR
    push edx
    mov ax, DATA_SELECTOR
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    o32 retf

align 8
gdt:
    dq 0, 0
    dq 0x00cf9b000000ffff           ; 0x10: 32-bit code
    dq 0x00cf93000000ffff           ; 0x18: data
gdt_register:
    dw gdt_register - gdt - 1
gdt_base:
    dd gdt
version:
    db "Baton", 0

times SECTORS * 512 - ($ - $$) db 0
image:
    incbin IMAGE_BIN
IMAGE_BYTES equ $ - image

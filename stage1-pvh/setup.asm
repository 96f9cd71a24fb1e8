; SPDX-License-Identifier: BSD-2-Clause
;
; baton.bzimage: what makes the image a Linux kernel for loaders that speak the Linux boot protocol
; (Linux's documentation, arch/x86/boot), with the image after it. Those that enter it in protected
; or long mode read only the header. This sector and the seven after it become the boot parameters;
; the code lies where these have nothing.
;
; nasm -f bin -DIMAGE_BIN=… -DIMAGE_MEMORY=…

SECTORS         equ 8
LINKED_AT       equ 0x100000
E820_COUNT      equ 0x1e8
E820_TABLE      equ 0x2d0
E820_ENTRIES    equ 128
E820_ENTRY_BYTES equ 20
CODE_SELECTOR   equ 0x10            ; as the protocol has them for its 32-bit entry
DATA_SELECTOR   equ 0x18

bits 16
org 0

%include "setup_header.inc"
entry:
    jmp start

times E820_TABLE - ($ - $$) db 0
times E820_ENTRIES * E820_ENTRY_BYTES db 0

%include "setup_real_mode.inc"
version:
    db "Baton", 0

times SECTORS * 512 - ($ - $$) db 0
image:
    incbin IMAGE_BIN
IMAGE_BYTES equ $ - image

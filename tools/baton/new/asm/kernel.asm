; The kernel: _start is its first instruction. RDI is the BatonBootInfo, RSP a stack.
%include "baton/boot_info.inc"

; What the kernel requests from the loader: a stack of 128 KiB.
BATON_REQUEST BATON_REQUEST_STACK, 0, 128 * 1024, 0

bits 64
default rel

section .rodata
hello:      db "Hello from @NAME@", 13, 10, 0
too_old:    db "the loader is older than the kernel", 13, 10, 0

section .text
global _start:function

_start:
    mov     rbx, rdi
    mov     rax, BATON_BOOT_INFO_MAGIC
    cmp     [rbx + BatonBootInfo.magic], rax
    jne     .panic
    cmp     dword [rbx + BatonBootInfo.version], BATON_BOOT_INFO_VERSION
    jb      .panic
    mov     dword [rbx + BatonBootInfo.acknowledged], BATON_ACKNOWLEDGED
    lea     rsi, [hello]
    call    print

    mov     rdi, [rbx + BatonBootInfo.framebuffers] ; its first entry
    cmp     dword [rbx + BatonBootInfo.framebuffer_count], 0
    je      .end
    call    draw
.stop:
    hlt
    jmp     .stop
.end:                           ; there is nothing to look at: ends QEMU, with success
    mov     al, 0x10
    out     0xf4, al
    jmp     .stop
.panic:                         ; the instruction is an exception, which the loader reports
    lea     rsi, [too_old]
    call    print
    ud2

; Prints the text at RSI on the first serial port, which the loader has set up.
; Changes RAX, RCX, RDX and RSI.
print:
    mov     ecx, 10000
.wait:                          ; until it can send
    mov     dx, 0x3fd
    in      al, dx
    test    al, 0x20
    loopz   .wait
    lodsb
    test    al, al
    jz      .end
    mov     dx, 0x3f8
    out     dx, al
    jmp     print
.end:
    ret

; Draws on the BatonFramebuffer at RDI. Changes RAX, RCX, RDX, RSI and R8.
draw:
    cmp     word [rdi + BatonFramebuffer.bits_per_pixel], 32
    jne     .end
    mov     rsi, [rdi + BatonFramebuffer.address]
    mov     cl, [rdi + BatonFramebuffer.blue_shift]
    xor     edx, edx            ; y
.row:
    xor     eax, eax            ; x
.pixel:
    mov     r8d, eax
    xor     r8d, edx
    movzx   r8d, r8b
    shl     r8d, cl
    mov     [rsi + 4 * rax], r8d
    inc     eax
    cmp     eax, [rdi + BatonFramebuffer.width_pixels]
    jb      .pixel
    mov     eax, [rdi + BatonFramebuffer.pitch_bytes]
    add     rsi, rax
    inc     edx
    cmp     edx, [rdi + BatonFramebuffer.height_pixels]
    jb      .row
.end:
    ret

; SPDX-License-Identifier: BSD-2-Clause
;
; Two entry points: the kernel's, and the one that its own handoff leads to.

bits 64
default rel

extern relay_main
extern relay_second_main
global _start
global relay_second_start

section .text

_start:
    call relay_main

relay_second_start:
    call relay_second_main

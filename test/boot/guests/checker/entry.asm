; SPDX-License-Identifier: BSD-2-Clause
;
; The checker's first instruction, at its first byte. In: the state of the boot protocol, with RDI =
; BatonBootInfo, and RSP as at a function's first instruction.

bits 64
default rel

extern run_checker

section .entry progbits alloc exec nowrite align=16

global checker_start
checker_start:
    jmp run_checker

; SPDX-License-Identifier: BSD-2-Clause
;
; What the PE linker needs an object of PE's own kind (COFF) for: it makes a build id only if there is
; one. And two things that every image must have: an entry in its table of base relocations, without
; which firmware loads it nowhere but at its base, and a byte of .data, without which the linker writes
; a wrong size of .bss. This pointer is both.
section .data data align=8
pointer: dq pointer

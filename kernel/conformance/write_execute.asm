; SPDX-License-Identifier: BSD-2-Clause
;
; What a sloppy linker script makes: a section that is writable and executable, so that the segment
; that it comes into is so too.

section .write_execute progbits alloc exec write align=16

    ret

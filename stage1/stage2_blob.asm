; SPDX-License-Identifier: BSD-2-Clause
;
; stage2.bin as bytes: stage2_blob … stage2_blob_end.

global stage2_blob:data hidden
global stage2_blob_end:data hidden

section .rodata
align 8
stage2_blob:
    incbin STAGE2_BIN
stage2_blob_end:

; SPDX-License-Identifier: BSD-2-Clause

extern start

section .note.pvh note alloc noexec nowrite align=4
    dd 4, 4, 18                     ; XEN_ELFNOTE_PHYS32_ENTRY
    db "Xen", 0
    dd start

/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The processor as a 32-bit test kernel finds it, and where the kernel is. */
#ifndef ENTRY_H
#define ENTRY_H

#include <stdint.h>

/* GDTR or IDTR. */
typedef struct {
    uint16_t limit;
    uint16_t base_low;
    uint16_t base_high;
    uint16_t reserved;
} TableRegister;

enum { EAX, EBX, ECX, EDX, ESI, EDI, EBP, ESP };
enum { CS, DS, ES, FS, GS, SS, TR, LDTR };

/* What entry.asm has found. */
typedef struct {
    uint32_t general[8];
    uint32_t eflags, cr0, cr4, efer;
    uint16_t selectors[8];
    TableRegister gdt;
    TableRegister idt;
} EntryState;
extern EntryState entry_state;

/* Where the kernel is: the linker scripts. */
extern const uint8_t image_start[], image_end[], far_start[], far_end[];
enum { FAR_FILE_BYTES = 5000 }; /* of the far part; zeroes follow */

#endif

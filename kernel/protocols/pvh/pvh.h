/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a PVH kernel is given: Xen's public header arch-x86/hvm/start_info.h, and the processor. */
#ifndef PVH_H
#define PVH_H

#include "../entry.h"

#include <stdint.h>

enum { PAGE = 4096, MEMORY = 1 };

typedef struct {
    uint32_t magic;
    uint32_t version;
    uint32_t flags;
    uint32_t module_count;
    uint64_t modules;
    uint64_t command_line;
    uint64_t rsdp;
    uint64_t map; /* from version 1 on, as what follows */
    uint32_t map_count;
    uint32_t reserved;
} StartInfo;
_Static_assert(sizeof(StartInfo) == 56, "as in the specification");

typedef struct {
    uint64_t address;
    uint64_t bytes;
    uint64_t command_line;
    uint64_t reserved;
} StartModule;

typedef struct {
    uint64_t base;
    uint64_t bytes;
    uint32_t type;
    uint32_t reserved;
} StartRange;

static inline const void* at(uint64_t address) {
    return (const void*)(uint32_t)address;
}

/* Does what the command line's word says, if it is one of those that fault. */
void fault_by(const char* word);

#endif

/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What caller.c has made for the record.
 */
#pragma once

#include <baton/handoff.h>

enum {
    PAGE = 4096,
    ENTRIES = 512,
    PRESENT = 1,
    WRITABLE = 2,
    LARGE = 1 << 7,
    CR4_PAE = 1 << 5,
    CR4_LA57 = 1 << 12,
    BLOCK_ROOM = 16 * PAGE,
    SECOND_ENTRY = 16, /* of kernel_code */
    BYTES_1_0 = 128,   /* of a record of version 1.0 */
    EXIT_PORT = 0xf4,
    DEBUG_PORT = 0xe9
};
#define NO_EXECUTE (UINT64_C(1) << 63)
#define KERNEL UINT64_C(0xffffffff80000000)
#define KERNEL_STACK_TOP (KERNEL + 0x3000)
#define DIRECT_MAP UINT64_C(0xffff800000000000)
#define BOOT_INFO UINT64_C(0xffff800000123456) /* stage 2 doesn't look at it */
#define NOT_CANONICAL UINT64_C(0x0000800000000000)
#define ABOVE (UINT64_C(1) << 32)
#define HIGH_BLOCK UINT32_C(0x0a003000) /* 160 MiB and some pages */

typedef uint64_t Table[ENTRIES] __attribute__((aligned(PAGE)));
extern Table root;        /* 4 levels */
extern Table root5;       /* the same below a fifth */
extern Table directories; /* of the lower half, and of the direct map */
extern Table low_gib;     /* the first of them */
extern Table first_2mib;  /* of it */
extern Table block_pages; /* of it, around the block */
extern uint8_t block_room[BLOCK_ROOM];
extern uint8_t record_room[2 * PAGE];

typedef struct Segment {
    BatonHandoffSegment segment;
    uint64_t more; /* than the header knows: entries are stepped over by their size */
} Segment;
extern Segment segments[2];

extern BatonHandoff* record; /* across the two pages of record_room */
extern uint8_t* block;
extern const BatonStage2Header* header; /* of it */

void copy(void* to, const void* from, uint32_t count);
void zero(void* to, uint32_t count);
void print(const char* text);
void print_number(uint32_t value);
uint32_t address(const void* pointer);
uint32_t has(const char* text, const char* word);
_Noreturn void finish(uint32_t good);

void load_stage2(uint8_t* at);
void make_record(void);
/* What the entries return. */
uint32_t enter32(void);
uint32_t enter64_at(uint32_t high); /* so many times 4 GiB above, where the same is mapped again */

/* refusals.c. Whether an entry returns this refusal, with nothing changed; a word on it if not. */
uint32_t returns32(uint32_t refusal);
uint32_t returns64(uint32_t refusal, uint32_t high);
uint32_t number_at_end(const char* text);
/* Makes the record wrong in what is refused for this reason. */
void spoil(uint32_t refusal);
/* Tries a wrong record for each reason. */
_Noreturn void refuse(void);

/* processors.c. */
void use_processors(const char* mode);

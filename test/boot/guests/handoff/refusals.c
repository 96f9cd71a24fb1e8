/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Records that are wrong in one thing each. test/unit/record_check/ has all the ways in which a
 * field can be wrong.
 */
#include "caller.h"

/* FNV-1a of what stage 2 must not have changed. */
static uint32_t fingerprint(void) {
    uint32_t hash = 0x811c9dc5;
    const struct {
        const void* start;
        uint32_t bytes;
    } parts[] = {{block, header->memory_bytes},
                 {record_room, sizeof record_room},
                 {segments, sizeof segments}};
    for (uint32_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        for (uint32_t j = 0; j < parts[i].bytes; j++)
            hash = (hash ^ ((const uint8_t*)parts[i].start)[j]) * 0x01000193;
    return hash;
}

typedef struct State {
    uint32_t cr0, cr3, cr4, efer, flags, gdtr[2], idtr[2];
} State;

static State state(void) {
    State now = {0};
    uint32_t high;
    __asm__ volatile("mov %%cr0, %0" : "=r"(now.cr0));
    __asm__ volatile("mov %%cr3, %0" : "=r"(now.cr3));
    __asm__ volatile("mov %%cr4, %0" : "=r"(now.cr4));
    __asm__ volatile("rdmsr" : "=a"(now.efer), "=d"(high) : "c"(0xc0000080));
    __asm__ volatile("pushfl; pop %0" : "=r"(now.flags));
    __asm__ volatile("sgdt %0" : "+m"(now.gdtr));
    __asm__ volatile("sidt %0" : "+m"(now.idtr));
    now.flags &= 0x600; /* IF, DF */
    return now;
}

static uint32_t is_same(const State* a, const State* b) {
    for (uint32_t i = 0; i < sizeof *a; i++)
        if (((const uint8_t*)a)[i] != ((const uint8_t*)b)[i])
            return 0;
    return 1;
}

static uint32_t check(uint32_t good, const char* entry, uint32_t refusal) {
    if (!good) {
        print("caller: not as expected: ");
        print(entry);
        print(" with a record wrong in ");
        print_number(refusal);
        print("\n");
    }
    return good;
}

uint32_t returns32(uint32_t refusal) {
    const uint32_t before = fingerprint();
    const State state_before = state();
    const uint32_t returned = enter32();
    const State state_after = state();
    return check(returned == refusal && is_same(&state_before, &state_after) &&
                     fingerprint() == before,
                 "32", refusal);
}

uint32_t returns64(uint32_t refusal, uint32_t high) {
    const uint32_t before = fingerprint();
    const uint32_t returned = enter64_at(high);
    return check(returned == refusal && fingerprint() == before, "64", refusal);
}

uint32_t number_at_end(const char* text) {
    uint32_t number = 0;
    for (; *text != 0; text++)
        number = *text >= '0' && *text <= '9' ? number * 10 + (uint32_t)(*text - '0') : 0;
    return number;
}

void spoil(uint32_t refusal) {
    switch (refusal) {
    case BATON_REFUSED_MAGIC:
        record->magic ^= 1;
        break;
    case BATON_REFUSED_VERSION:
        record->version_major++;
        break;
    case BATON_REFUSED_SIZE:
        record->size = BATON_HANDOFF_BYTES_1_0 - 1;
        break;
    case BATON_REFUSED_BLOCK:
        load_stage2(block + 16);
        break;
    case BATON_REFUSED_CONTROL:
        record->cr0 &= ~UINT64_C(1);
        break;
    case BATON_REFUSED_PAGE_TABLES:
        record->page_table_root += 8;
        break;
    case BATON_REFUSED_ADDRESS:
        record->kernel_entry = NOT_CANONICAL;
        break;
    case BATON_REFUSED_SEGMENTS:
        record->segment_entry_bytes = sizeof(BatonHandoffSegment) - 1;
        break;
    case BATON_REFUSED_SEGMENT:
        segments[0].segment.file_bytes = PAGE + 1;
        break;
    case BATON_REFUSED_PROCESSORS:
        record->processor_count = 1;
        break;
    default: /* BATON_REFUSED_PROCESSOR is the processor's matter */
        break;
    }
}

/* What the number of levels, now and then, makes of a record. */
static uint32_t try_levels(void) {
    record->cr4 |= 1 << 20; /* SMEP: more than LA57 may differ from what is now */
    record->page_table_root = ABOVE;
    spoil(BATON_REFUSED_SEGMENT); /* the last reason: the others are looked for before */
    uint32_t good = returns64(BATON_REFUSED_SEGMENT, 0);
    record->cr4 |= CR4_LA57;
    good = returns64(BATON_REFUSED_PAGE_TABLES, 0) && good;
    record->page_table_root = address(root5);
    good = returns64(BATON_REFUSED_BLOCK, 1) && good; /* called 4 GiB above */
    record->kernel_entry = NOT_CANONICAL;             /* under 4 levels */
    return returns64(BATON_REFUSED_SEGMENT, 0) && good;
}

void refuse(void) {
    uint32_t good = 1;
    for (uint32_t refusal = BATON_REFUSED_MAGIC; refusal <= BATON_REFUSED_PROCESSORS; refusal++) {
        if (refusal == BATON_REFUSED_PROCESSOR || refusal == BATON_REFUSED_MAPPING)
            continue;
        load_stage2((uint8_t*)HIGH_BLOCK);
        make_record();
        spoil(refusal);
        good = returns64(refusal, 0) && good;
        if (refusal == BATON_REFUSED_BLOCK)
            good = returns32(refusal) && good;
    }
    load_stage2((uint8_t*)HIGH_BLOCK);
    make_record();
    finish(try_levels() && good);
}

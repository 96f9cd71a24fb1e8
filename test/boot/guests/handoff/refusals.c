/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Records that are wrong in one thing each.
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

/* 0: not called. */
uint32_t expect(uint32_t number, uint32_t refusal32, uint32_t refusal64, uint32_t high) {
    uint32_t good = 1;
    const uint32_t before = fingerprint();
    if (refusal32 != 0) {
        const State state_before = state();
        const uint32_t refusal = enter32();
        const State state_after = state();
        good = refusal == refusal32 && is_same(&state_before, &state_after);
    }
    if (refusal64 != 0)
        good = enter64_at(high) == refusal64 && good;
    good = fingerprint() == before && good;
    if (!good) {
        print("caller: not as expected: wrong record ");
        print_number(number);
        print("\n");
    }
    return good;
}

/* A wrong record: `value` goes into a field of so many bytes. */
typedef struct Wrong {
    void* field;
    uint32_t bytes;
    uint64_t value;
    uint32_t refusal32; /* by the 32-bit entry; 0: that isn't called */
    uint32_t refusal64;
} Wrong;

#define IN(field, value, refusal32, refusal64)                                                     \
    {&(field), sizeof(field), value, refusal32, refusal64}
#define BOTH(field, value, refusal) IN(field, value, refusal, refusal)
#define UNMAPPED(field, value) IN(field, value, BATON_REFUSED_MAPPING, 0)

static uint32_t try_all(const Wrong* wrong, uint32_t count, uint32_t number) {
    uint32_t good = 1;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t right = 0;
        copy(&right, wrong[i].field, wrong[i].bytes);
        copy(wrong[i].field, &wrong[i].value, wrong[i].bytes);
        good = expect(number + i, wrong[i].refusal32, wrong[i].refusal64, 0) && good;
        copy(wrong[i].field, &right, wrong[i].bytes);
    }
    return good;
}
#define TRY(wrong, number) try_all(wrong, sizeof(wrong) / sizeof(wrong)[0], number)

static uint32_t try_fields(void) {
    BatonHandoff* const r = record;
    BatonHandoffSegment* const s = &segments[0].segment;
    const Wrong wrong[] = {
        BOTH(r->magic, BATON_HANDOFF_MAGIC ^ 1, BATON_REFUSED_MAGIC),
        BOTH(r->magic, BATON_HANDOFF_MAGIC ^ UINT64_C(1) << 63, BATON_REFUSED_MAGIC),
        BOTH(r->version_major, 0, BATON_REFUSED_VERSION),
        BOTH(r->version_major, 2, BATON_REFUSED_VERSION),
        BOTH(r->size, 0, BATON_REFUSED_SIZE),
        BOTH(r->size, BATON_HANDOFF_BYTES_1_0 - 1, BATON_REFUSED_SIZE),
        /* 6 */
        BOTH(r->cr0, 0x80010032, BATON_REFUSED_CONTROL),  /* PE */
        BOTH(r->cr0, 0x00010033, BATON_REFUSED_CONTROL),  /* PG */
        BOTH(r->cr0, 0x80010037, BATON_REFUSED_CONTROL),  /* EM */
        BOTH(r->cr0, 0x8001003b, BATON_REFUSED_CONTROL),  /* TS */
        BOTH(r->cr0, 0xa0010033, BATON_REFUSED_CONTROL),  /* NW */
        BOTH(r->cr0, 0xc0010033, BATON_REFUSED_CONTROL),  /* CD */
        BOTH(r->cr0, 0x180010033, BATON_REFUSED_CONTROL), /* none that there is */
        BOTH(r->cr4, 0x680, BATON_REFUSED_CONTROL),       /* PAE */
        BOTH(r->cr4, 0x1000006a0, BATON_REFUSED_CONTROL),
        BOTH(r->efer, 0xc00, BATON_REFUSED_CONTROL), /* LME */
        BOTH(r->efer, 0x100000d00, BATON_REFUSED_CONTROL),
        /* 17 */
        BOTH(r->page_table_root, address(root) + 8u, BATON_REFUSED_PAGE_TABLES),
        BOTH(r->page_table_root, UINT64_C(1) << 52, BATON_REFUSED_PAGE_TABLES),
        BOTH(r->page_table_root, UINT64_C(1) << 63, BATON_REFUSED_PAGE_TABLES),
        IN(r->page_table_root, UINT64_C(1) << 32, BATON_REFUSED_PAGE_TABLES, 0),
        /* 21 */
        BOTH(r->direct_map_base, NOT_CANONICAL, BATON_REFUSED_ADDRESS),
        BOTH(r->kernel_entry, NOT_CANONICAL, BATON_REFUSED_ADDRESS),
        BOTH(r->boot_info, NOT_CANONICAL, BATON_REFUSED_ADDRESS),
        BOTH(r->kernel_stack_top, NOT_CANONICAL, BATON_REFUSED_ADDRESS),
        BOTH(r->kernel_entry, UINT64_C(0xffff7ffffffffff0), BATON_REFUSED_ADDRESS),
        BOTH(r->kernel_entry, UINT64_C(0x8000000000000000), BATON_REFUSED_ADDRESS),
        BOTH(r->kernel_stack_top, KERNEL_STACK_TOP - 8, BATON_REFUSED_ADDRESS),
        /* 28 */
        BOTH(r->segment_entry_bytes, 0, BATON_REFUSED_SEGMENTS),
        BOTH(r->segment_entry_bytes, sizeof *s - 1, BATON_REFUSED_SEGMENTS),
        BOTH(r->segments, UINT64_C(0) - sizeof *s, BATON_REFUSED_SEGMENTS),
        IN(r->segments, UINT64_C(1) << 32, BATON_REFUSED_SEGMENTS, 0),
        IN(r->segment_count, 0xffffffff, BATON_REFUSED_SEGMENTS, 0),
        /* 33 */
        BOTH(s->file_bytes, PAGE + 1, BATON_REFUSED_SEGMENT),
        BOTH(s->file_bytes, UINT64_C(1) << 32, BATON_REFUSED_SEGMENT),
        BOTH(s->memory_bytes, 0, BATON_REFUSED_SEGMENT),
        BOTH(s->destination, NOT_CANONICAL, BATON_REFUSED_SEGMENT),
        BOTH(s->destination, NOT_CANONICAL - PAGE + 1, BATON_REFUSED_SEGMENT),
        BOTH(s->destination, UINT64_C(0) - PAGE + 1, BATON_REFUSED_SEGMENT),
        BOTH(s->destination, UINT64_C(0xffff7ffffffff001), BATON_REFUSED_SEGMENT),
        BOTH(s->memory_bytes, UINT64_C(0x8000000000000000), BATON_REFUSED_SEGMENT),
        BOTH(s->memory_bytes, UINT64_C(0xfffffffffffff000), BATON_REFUSED_SEGMENT),
        BOTH(segments[1].segment.file_bytes, 1, BATON_REFUSED_SEGMENT),
        BOTH(segments[1].segment.memory_bytes, 1, BATON_REFUSED_SEGMENT),
    };
    uint32_t good = TRY(wrong, 0);
    s->destination = PAGE; /* from one half to the other */
    s->memory_bytes = UINT64_C(0xffff800000000000);
    return expect(50, BATON_REFUSED_SEGMENT, BATON_REFUSED_SEGMENT, 0) && good;
}

/* The page tables: what the 32-bit entry finds in them. */
static uint32_t try_tables(void) {
    const uint32_t page = address(block) / PAGE % ENTRIES;
    const uint32_t data = page + header->writable_offset / PAGE;
    const uint32_t last = page + header->memory_bytes / PAGE - 1;
    const uint32_t record_page = address(record_room) / PAGE;
    const Wrong wrong[] = {
        UNMAPPED(root[0], 0),
        UNMAPPED(directories[0], 0),
        UNMAPPED(root[0], root[0] | NO_EXECUTE),
        UNMAPPED(root[0], root[0] & ~(uint64_t)WRITABLE),
        UNMAPPED(low_gib[address(block) >> 21], 0),
        UNMAPPED(low_gib[address(block) >> 21], low_gib[5] & ~NO_EXECUTE), /* another large page */
        UNMAPPED(low_gib[address(block) >> 21], address(block_pages) | UINT64_C(0x100000003)),
        UNMAPPED(block_pages[page], 0),
        UNMAPPED(block_pages[page + 2], block_pages[page + 2] | NO_EXECUTE),
        UNMAPPED(block_pages[page + 1], block_pages[page + 2]),
        UNMAPPED(block_pages[page + 1], block_pages[page + 1] | UINT64_C(1) << 32),
        UNMAPPED(block_pages[data], block_pages[data] & ~(uint64_t)WRITABLE),
        UNMAPPED(block_pages[last], 0),
        UNMAPPED(first_2mib[record_page], 0),
        UNMAPPED(first_2mib[record_page + 1], 0),
        UNMAPPED(record->efer, 0x500), /* NX bits are reserved without NXE */
    };
    return TRY(wrong, 100);
}

/* What would be good under 4 levels, and the other way round. `record` asks for 5. */
static uint32_t try_five_levels(void) {
    record->cr4 |= CR4_LA57;
    record->page_table_root = address(root5);
    BatonHandoff* const r = record;
    const Wrong wrong[] = {
        BOTH(r->kernel_entry, UINT64_C(0x0100000000000000), BATON_REFUSED_ADDRESS),
        BOTH(r->page_table_root, UINT64_C(1) << 32, BATON_REFUSED_PAGE_TABLES),
        UNMAPPED(root5[0], 0),
    };
    uint32_t good = TRY(wrong, 200);
    good = expect(210, 0, BATON_REFUSED_BLOCK, 1) && good; /* called 4 GiB above */
    segments[0].segment.file_bytes = PAGE + 1;
    r->kernel_entry = NOT_CANONICAL; /* which it isn't any more */
    return expect(211, BATON_REFUSED_SEGMENT, BATON_REFUSED_SEGMENT, 0) && good;
}

/* What the 64-bit entry has nothing against: the record's last segment is what it doesn't like. */
static uint32_t try_high_addresses(void) {
    BatonHandoff* const r = record;
    const uint64_t above = UINT64_C(1) << 32;
    r->cr4 |= 1 << 20; /* SMEP: more than LA57 may differ from what is now */
    segments[1].segment.memory_bytes = 1;
    const Wrong wrong[] = {
        IN(r->page_table_root, above, BATON_REFUSED_PAGE_TABLES, BATON_REFUSED_SEGMENT),
        IN(r->segments, above + address(segments), BATON_REFUSED_SEGMENTS, BATON_REFUSED_SEGMENT),
    };
    return TRY(wrong, 350);
}

/* What is good, up to the page tables: `root5` maps nothing. */
static uint32_t try_good_ones(void) {
    BatonHandoff* const r = record;
    BatonHandoffSegment* const s = &segments[0].segment;
    const Wrong good[] = {
        UNMAPPED(r->version_minor, 99),
        UNMAPPED(r->size, 4096),
        UNMAPPED(r->size, BATON_HANDOFF_BYTES_1_0),
        UNMAPPED(r->segment_count, 0),
        UNMAPPED(r->kernel_entry, NOT_CANONICAL - 1),
        UNMAPPED(r->kernel_stack_top, 0 - UINT64_C(16)),
        UNMAPPED(r->efer, 0x900),
        UNMAPPED(s->destination, UINT64_C(0) - PAGE),
        UNMAPPED(s->destination, NOT_CANONICAL - PAGE),
        UNMAPPED(s->file_bytes, PAGE),
        UNMAPPED(s->file_bytes, 0),
    };
    root5[0] = 0;
    record->page_table_root = address(root5);
    return TRY(good, 300);
}

void refuse(void) {
    uint32_t good = try_fields();
    make_record();
    good = try_tables() && good;
    make_record();
    good = try_five_levels() && good;
    make_record();
    good = try_good_ones() && good;
    make_record();
    good = try_high_addresses() && good;
    make_record();
    load_stage2(block_room + 16);
    finish(expect(400, BATON_REFUSED_BLOCK, BATON_REFUSED_BLOCK, 0) && good);
}

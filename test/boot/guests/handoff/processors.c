/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Other processors, with the APIC ids 1 to 3, in the record; and what is wrong with them.
 */
#include "caller.h"

enum {
    COUNT = 3,
    TRAMPOLINE = 0x8000,
    MAILBOX_TRAMPOLINE = 0x7000,
    ORDERS_OFFSET = 0x800, /* of the code that obeys them, in the kernel's page */
    MTRR_OFFSET = 64,      /* of code of it that reads one */
    FIRST_STACK_PAGE = 16, /* in the kernel's table; every second one is not mapped */
    NOBODY = 99,           /* APIC id */
    INIT_OTHERS = 0xc4500,
    START_OTHERS = 0xc4600
};
#define LOCAL_APIC UINT32_C(0xfee00000)
#define NOT_MAPPED UINT64_C(0x600000000000)

typedef struct Processor {
    BatonHandoffProcessor processor;
    uint64_t more; /* than the header knows */
} Processor;

/* For orders_code of start.asm, which finds them at RDI. */
typedef struct Orders {
    uint64_t count;
    uint64_t go;           /* what goes into the go words */
    uint64_t then;         /* 0: wait, 1: die */
    uint64_t words[COUNT]; /* their addresses; 0: leave it */
} Orders;

extern const uint8_t orders_code[], orders_code_end[];
extern const uint8_t mailbox_trampoline[], mailbox_trampoline_end[];
extern Table kernel_pages;

static uint8_t areas[COUNT][BATON_PROCESSOR_AREA_BYTES]
    __attribute__((aligned(BATON_PROCESSOR_AREA_BYTES)));
static uint8_t stacks[COUNT][PAGE] __attribute__((aligned(PAGE)));
static Processor processors[COUNT] __attribute__((aligned(16)));
static uint64_t go_words[COUNT];
static uint32_t outcomes[COUNT];
static uint64_t parked_tscs[COUNT];
static Orders orders;
static Table apic_gib;
uint8_t mailbox[PAGE] __attribute__((aligned(PAGE)));

static uint64_t in_direct_map(const void* pointer) {
    return DIRECT_MAP + address(pointer);
}

static uint64_t stack_of(uint32_t index) {
    return KERNEL + (uint64_t)(FIRST_STACK_PAGE + 2 * index) * PAGE;
}

static void map(void) {
    first_2mib[TRAMPOLINE / PAGE] = TRAMPOLINE | PRESENT;
    directories[3] = address(apic_gib) | PRESENT | WRITABLE;
    apic_gib[LOCAL_APIC >> 21 & (ENTRIES - 1)] =
        LOCAL_APIC | PRESENT | WRITABLE | LARGE | NO_EXECUTE | 1 << 3 | 1 << 4; /* uncacheable */
    for (uint32_t i = 0; i < COUNT; i++)
        kernel_pages[FIRST_STACK_PAGE + 2 * i] =
            address(stacks[i]) | PRESENT | WRITABLE | NO_EXECUTE;
}

static void wait_a_little(void) {
    for (uint32_t i = 0; i < 300000; i++)
        __asm__ volatile("pause");
}

/* As a firmware does that has them in its hands. */
static void park_by_mailbox(void) {
    volatile uint32_t* const command = (volatile uint32_t*)(LOCAL_APIC + 0x300);
    copy((void*)MAILBOX_TRAMPOLINE, mailbox_trampoline,
         (uint32_t)(mailbox_trampoline_end - mailbox_trampoline));
    *command = INIT_OTHERS;
    wait_a_little();
    *command = START_OTHERS | MAILBOX_TRAMPOLINE / PAGE;
    wait_a_little();
}

/* Overwrites an instruction of the trampoline. */
static void poison(uint8_t byte0, uint8_t byte1, uint8_t byte2) {
    static const uint8_t ud2[] = {0x0f, 0x0b, 0x90};
    uint8_t* code = (uint8_t*)TRAMPOLINE;
    while (code[0] != byte0 || code[1] != byte1 || code[2] != byte2)
        code++;
    copy(code, ud2, sizeof ud2);
}

static void use_fields(const char* mode) {
    BatonHandoffProcessor* const last = &processors[COUNT - 1].processor;
    if (has(mode, "-missing"))
        last->apic_id = NOBODY;
    if (has(mode, "-required"))
        record->processor_flags = BATON_PROCESSORS_REQUIRED;
    if (has(mode, "-bad-stack"))
        last->stack_top += PAGE;
    if (has(mode, "-dies"))
        last->parked_tsc = NOT_MAPPED;
    if (has(mode, "-no-area"))
        first_2mib[address(areas[1]) / PAGE] = 0;
    if (has(mode, "-no-trampoline"))
        first_2mib[TRAMPOLINE / PAGE] |= NO_EXECUTE;
    if (has(mode, "-real-mode"))
        poison(0x0f, 0x20, 0xc0); /* MOV EAX, CR0 */
    if (has(mode, "-protected-mode"))
        poison(0x0f, 0x22, 0xe0); /* MOV CR4, EAX */
    if (has(mode, "-late")) {
        static const uint8_t forever[] = {0xf3, 0x90, 0xeb, 0xfc}; /* PAUSE; JMP */
        copy((void*)TRAMPOLINE, forever, sizeof forever);
    }
    if (has(mode, "-mailbox")) {
        park_by_mailbox();
        record->mailbox = address(mailbox);
    }
    if (has(mode, "-same-id")) { /* each one reads it here */
        static uint32_t registers[PAGE / 4] __attribute__((aligned(PAGE)));
        registers[0x20 / 4] = 1 << 24;
        record->local_apic = address(registers);
    }
    if (has(mode, "-mtrr")) /* of the boot processor alone: write-back instead of uncacheable */
        __asm__ volatile("wrmsr" : : "c"(0x2ff), "a"(0xc06), "d"(0));
}

void use_processors(const char* mode) {
    map();
    copy((void*)TRAMPOLINE, block + header->trampoline_offset, header->trampoline_bytes);
    record->processors = address(processors);
    record->processor_count = COUNT;
    record->processor_entry_bytes = sizeof processors[0];
    record->trampoline = TRAMPOLINE;
    record->local_apic = LOCAL_APIC;
    record->processor_wait_ms = has(mode, "-missing") || has(mode, "-late") ? 300 : 5000;
    record->tsc_hz = UINT64_C(1000000000);
    orders.count = COUNT;
    orders.go = KERNEL + (has(mode, "-mtrr")    ? ORDERS_OFFSET + MTRR_OFFSET
                          : has(mode, "-state") ? SECOND_ENTRY
                                                : 0);
    orders.then = has(mode, "-then");
    for (uint32_t i = 0; i < COUNT; i++) {
        processors[i].processor = (BatonHandoffProcessor){
            .apic_id = i + 1,
            .number = i + 1,
            .area = address(areas[i]),
            .stack_base = stack_of(i),
            .stack_top = stack_of(i) + PAGE,
            .record = BOOT_INFO + i,
            .go = in_direct_map(&go_words[i]),
            .outcome = in_direct_map(&outcomes[i]),
            .parked_tsc = in_direct_map(&parked_tscs[i]),
        };
        if (has(mode, "-all") || (i == 1 && !has(mode, "-then")))
            orders.words[i] = in_direct_map(&go_words[i]);
    }
    use_fields(mode);
    segments[1].segment =
        (BatonHandoffSegment){.source_physical = address(orders_code),
                              .destination = KERNEL + ORDERS_OFFSET,
                              .file_bytes = (uint32_t)(orders_code_end - orders_code),
                              .memory_bytes = (uint32_t)(orders_code_end - orders_code)};
    record->kernel_entry = KERNEL + ORDERS_OFFSET;
    record->boot_info = in_direct_map(&orders);
}

/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A foreign first stage: 32-bit code that QEMU starts by PVH, with nothing of Baton's but handoff.h
 * and stage2.bin. The command line says what it does:
 *   refuse      calls the 64-bit entry with records that are wrong in one thing each. Each is given
 *               back with its reason, and with nothing changed
 *   refuse-here calls the 32-bit entry with a good record, refuse-la57 the 64-bit one with a record
 *               that asks for 5-level paging: the reason is that the processor lacks something
 *   ENTRY-LEVELS  hands over by entry 32 or 64 with 4 or 5 paging levels (64 begins with 4)
 * and these may follow:
 *   -wrong-N    with a record that is wrong in what is refused for reason N
 *   -no-page, -other-page, -far-table  with page tables that don't map the block's first page, map
 *               it to another address, or by a table above 4 GiB
 *   -state      to the kernel's second entry
 *   -high       with the block at another address
 *   -above      with the block above 4 GiB
 *   -unmapped   with a destination that isn't mapped
 *   -in-place   with the kernel where it belongs already
 *   -time       with time stamps above the kernel's stack
 *   -interrupts with interrupts on, and the direction flag set
 *   -large      with a large page for the block
 *   -short      with a record of the smallest size, and nothing mapped after it
 *   -longer     with a longer record, of a later version
 *   -halt       with no more than a report of what the kernel does
 *   -kernel32   to a 32-bit kernel
 *   -registers  with values in EAX and EBX
 *   -gdt        with a GDT of the kernel's own
 *   -silent     with nothing reported
 *   -processors with three other processors, of which the second one dies in the kernel; and with
 *               what processors.c says
 */
#include "caller.h"

extern const uint8_t kernel_code[], kernel_code_end[], stage2_file[], stage2_file_end[];
extern const uint8_t kernel32_code[], kernel32_code_end[];
uint32_t call_entry32(uint32_t entry, uint32_t record);
uint32_t call_entry64(uint32_t entry_low, uint32_t entry_high, uint32_t record, uint32_t cr3,
                      uint32_t cr4);
void copy64(void);
void caller_main(const uint32_t* start_info);

static Table above_gib, kernel_directories, kernel_directory;
Table kernel_pages;
Table root, root5, directories, low_gib, first_2mib, block_pages;
static uint8_t kernel_frames[3][PAGE] __attribute__((aligned(PAGE)));
uint8_t block_room[BLOCK_ROOM] __attribute__((aligned(PAGE)));
uint8_t record_room[2 * PAGE] __attribute__((aligned(PAGE)));
Segment segments[2] __attribute__((aligned(16)));

BatonHandoff* record;
uint8_t* block;
const BatonStage2Header* header;

static void out8(uint16_t port, uint8_t value) {
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

void print(const char* text) {
    for (; *text != 0; text++)
        out8(DEBUG_PORT, (uint8_t)*text);
}

void print_number(uint32_t value) {
    if (value >= 10)
        print_number(value / 10);
    out8(DEBUG_PORT, (uint8_t)('0' + value % 10));
}

void finish(uint32_t good) {
    print(good ? "caller: PASS\n" : "caller: FAIL\n");
    __asm__ volatile("outl %0, %1" : : "a"(good ? 0x10 : 0x11), "Nd"((uint16_t)EXIT_PORT));
    for (;;)
        __asm__ volatile("cli; hlt");
}

void copy(void* to, const void* from, uint32_t count) {
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

void zero(void* to, uint32_t count) {
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(0) : "memory");
}

uint32_t address(const void* pointer) {
    return (uint32_t)pointer;
}

static uint64_t table_entry(const void* table) {
    return address(table) | PRESENT | WRITABLE;
}

static uint32_t is_in(uint32_t page, const void* start, uint32_t bytes) {
    return page - address(start) < bytes;
}

/* As the handoff ABI wants the pages of the first 2 MiB and of the block, wherever that is. */
static uint64_t page_entry(uint32_t page) {
    if (is_in(page, block, header->writable_offset))
        return page | PRESENT;
    if (is_in(page, block, header->memory_bytes))
        return page | PRESENT | WRITABLE | NO_EXECUTE;
    if (is_in(page, record_room, sizeof record_room))
        return page | PRESENT | NO_EXECUTE;
    return page | PRESENT | WRITABLE; /* this program */
}

static void make_tables(void) {
    for (uint32_t i = 0; i < ENTRIES; i++) {
        low_gib[i] = (uint64_t)i << 21 | PRESENT | WRITABLE | LARGE | NO_EXECUTE;
        first_2mib[i] = page_entry(i * PAGE);
        block_pages[i] = page_entry((address(block) & ~0x1fffffu) + i * PAGE);
    }
    first_2mib[0] = 0;
    low_gib[address(block) >> 21] = table_entry(block_pages);
    low_gib[0] = table_entry(first_2mib);
    directories[0] = table_entry(low_gib);
    directories[4] = table_entry(low_gib); /* 4 GiB above, the same again */
    root[0] = table_entry(directories);
    root[256] = table_entry(directories) | NO_EXECUTE;
    root[511] = table_entry(kernel_directories);
    kernel_directories[510] = table_entry(kernel_directory);
    kernel_directory[0] = table_entry(kernel_pages);
    kernel_pages[0] = address(kernel_frames[0]) | PRESENT;
    kernel_pages[2] = address(kernel_frames[2]) | PRESENT | WRITABLE | NO_EXECUTE;
    root5[0] = root5[511] = table_entry(root);
}

void make_record(void) {
    zero(record_room, sizeof record_room);
    record = (BatonHandoff*)(record_room + PAGE - 64); /* across two pages */
    *record = (BatonHandoff){.magic = BATON_HANDOFF_MAGIC,
                             .version_major = BATON_HANDOFF_VERSION_MAJOR,
                             .version_minor = BATON_HANDOFF_VERSION_MINOR,
                             .size = sizeof *record,
                             .page_table_root = address(root),
                             .direct_map_base = DIRECT_MAP,
                             .segments = address(segments),
                             .segment_count = 2,
                             .segment_entry_bytes = sizeof segments[0],
                             .kernel_entry = KERNEL,
                             .kernel_stack_top = KERNEL_STACK_TOP,
                             .boot_info = BOOT_INFO,
                             .cr0 = 0x80010033,
                             .cr4 = 0x6a0,
                             .efer = 0xd00,
                             .pat = UINT64_C(0x0007010600070406),
                             .serial_port = 0x3f8,
                             .debug_port = DEBUG_PORT,
                             .after_fault = BATON_AFTER_FAULT_EXIT,
                             .exit_port = EXIT_PORT,
                             .exit_value = 42};
    segments[0].segment =
        (BatonHandoffSegment){.source_physical = address(kernel_code),
                              .destination = KERNEL,
                              .file_bytes = (uint32_t)(kernel_code_end - kernel_code),
                              .memory_bytes = PAGE};
    /* One with no bytes: it may go anywhere. */
    segments[1].segment = (BatonHandoffSegment){.source_physical = BATON_SOURCE_IN_PLACE,
                                                .destination = NOT_CANONICAL};
}

void load_stage2(uint8_t* at) {
    block = at;
    header = (const BatonStage2Header*)block;
    copy(block, stage2_file, (uint32_t)(stage2_file_end - stage2_file));
    zero(block + header->load_bytes, header->memory_bytes - header->load_bytes);
}

uint32_t enter32(void) {
    return call_entry32(address(block) + header->entry32_offset, address(record));
}

uint32_t enter64_at(uint32_t high) {
    return call_entry64(address(block) + header->entry64_offset, high, address(record),
                        address(root), CR4_PAE);
}

/* Hands over with the block above 4 GiB. */
static void enter_above(void) {
    const uint64_t transfer[] = {address(block), ABOVE + PAGE, header->memory_bytes};
    directories[4] = table_entry(above_gib);
    above_gib[0] = ABOVE | PRESENT | WRITABLE | LARGE;
    call_entry64((uint32_t)copy64, 0, address(transfer), address(root), CR4_PAE);
    call_entry64(PAGE + header->entry64_offset, ABOVE >> 32, address(record), address(root),
                 CR4_PAE);
}

uint32_t has(const char* text, const char* word) {
    for (; *text != 0; text++) {
        uint32_t i = 0;
        while (word[i] != 0 && text[i] == word[i])
            i++;
        if (word[i] == 0)
            return 1;
    }
    return 0;
}

/* Page tables that stage 2 can't run under. */
static void spoil_tables(const char* mode) {
    uint64_t* const page = &block_pages[address(block) / PAGE % ENTRIES];
    uint64_t* const table = &low_gib[address(block) >> 21];
    if (has(mode, "-no-page"))
        *page = 0;
    if (has(mode, "-other-page"))
        *page += PAGE;
    if (has(mode, "-far-table"))
        *table |= ABOVE;
}

#if BATON_HANDOFF_VERSION_MINOR >= 4
/* What the fields of version 1.4 are for. */
static void use_kernel_fields(const char* mode) {
    static uint64_t
        gdt[9]; /* code at 28h, data at 30h; the task's, at 38h, is stage 2's to write */
    if (has(mode, "-kernel32")) {
        record->kernel_mode = BATON_KERNEL_32_BIT;
        record->kernel_entry = address(kernel_frames[0]);
        record->kernel_stack_top = address(kernel_frames[2]) + PAGE;
        segments[0].segment.source_physical = address(kernel32_code);
        segments[0].segment.destination = record->kernel_entry;
        segments[0].segment.file_bytes = (uint32_t)(kernel32_code_end - kernel32_code);
    }
    if (has(mode, "-registers")) {
        record->kernel_eax = 0x36d76289;
        record->kernel_ebx = 0x9876543;
    }
    if (has(mode, "-gdt")) {
        gdt[5] = UINT64_C(0x00af9b000000ffff);
        gdt[6] = UINT64_C(0x00cf93000000ffff);
        record->kernel_gdt = DIRECT_MAP + address(gdt);
        record->kernel_gdt_bytes = sizeof gdt;
        record->kernel_code_segment = 0x28;
        record->kernel_data_segment = 0x30;
        record->kernel_task_segment = 0x38;
    }
    if (has(mode, "-silent"))
        record->kernel_flags = BATON_KERNEL_WITHOUT_REPORTS;
}
#endif

void caller_main(const uint32_t* start_info) {
    const char* const mode = (const char*)start_info[6]; /* hvm_start_info.cmdline_paddr */
    load_stage2(has(mode, "-high") || has(mode, "refuse") ? (uint8_t*)HIGH_BLOCK : block_room);
    make_tables();
    make_record();
#if BATON_HANDOFF_VERSION_MINOR >= 2
    if (has(mode, "refuse-here"))
        finish(returns32(BATON_REFUSED_PROCESSOR));
#endif
    if (has(mode, "-5") || has(mode, "la57")) {
        record->cr4 |= CR4_LA57;
        record->page_table_root = address(root5);
    }
#if BATON_HANDOFF_VERSION_MINOR >= 4
    use_kernel_fields(mode);
#endif
#if BATON_HANDOFF_VERSION_MINOR >= 5
    if (has(mode, "-processors"))
        use_processors(mode);
#endif
#if BATON_HANDOFF_VERSION_MINOR >= 2
    if (has(mode, "refuse-la57"))
        finish(returns64(BATON_REFUSED_PROCESSOR, 0));
    if (has(mode, "refuse"))
        refuse();
    if (has(mode, "-wrong-"))
        spoil(number_at_end(mode));
#endif
    if (has(mode, "-state") && !has(mode, "-processors"))
        record->kernel_entry += SECOND_ENTRY;
    if (has(mode, "-unmapped"))
        segments[0].segment.destination = UINT64_C(0xfffff00000000000);
    if (has(mode, "-in-place")) {
        copy(kernel_frames[0], kernel_code, (uint32_t)(kernel_code_end - kernel_code));
        segments[0].segment.source_physical = BATON_SOURCE_IN_PLACE;
    }
    if (has(mode, "-time")) {
        record->kernel_stack_top -= PAGE / 2;
        record->time_stamps = record->kernel_stack_top;
        record->time_stamp_bytes = 2 * sizeof(uint64_t);
    }
    if (has(mode, "-large"))
        low_gib[address(block) >> 21] = (address(block) & ~0x1fffffu) | PRESENT | WRITABLE | LARGE;
    spoil_tables(mode);
    if (has(mode, "-short")) {
        copy(record_room + PAGE - BYTES_1_0, record, BYTES_1_0);
        record = (BatonHandoff*)(record_room + PAGE - BYTES_1_0);
        record->size = BYTES_1_0;
        first_2mib[address(record_room) / PAGE + 1] = 0;
    }
    if (has(mode, "-longer")) {
        record->version_minor = BATON_HANDOFF_VERSION_MINOR + 1;
        record->size += sizeof(uint64_t);
    }
#if BATON_HANDOFF_VERSION_MINOR >= 3
    if (has(mode, "-uarts")) {
        const uint64_t not_mapped = UINT64_C(0x600000000000);
        record->serial_port = 0;
        record->uarts[0] = (BatonUart){.address = not_mapped,
                                       .space = BATON_UART_MEMORY,
                                       .register_bytes = 4,
                                       .access_bytes = 4};
        record->uarts[1] = (BatonUart){
            .address = 0x2f8, .space = BATON_UART_IO, .register_bytes = 1, .access_bytes = 1};
        record->uarts[BATON_HANDOFF_UARTS - 1] = (BatonUart){
            .address = 0x3f8, .space = BATON_UART_IO, .register_bytes = 1, .access_bytes = 1};
    }
#endif
    if (has(mode, "-halt"))
        record->after_fault = BATON_AFTER_FAULT_HALT;
    if (has(mode, "-interrupts")) {
        out8(0x21, 0xff); /* none comes from the interrupt controller */
        __asm__ volatile("sti; std");
    }
    print("caller: handing over by version 1.");
    print_number(BATON_HANDOFF_VERSION_MINOR);
    print("\n");
    if (has(mode, "-above"))
        enter_above();
    else if (has(mode, "32-"))
        enter32();
    else
        enter64_at(0);
    finish(0);
}

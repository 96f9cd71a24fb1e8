/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Prints all that a PVH kernel is given, and judges it by the promises of docs/protocols/pvh.md. A
 * word of the command line makes it fault instead: faults.c. */
#include "pvh.h"

#include "../console.h"

void kernel_main(void);

enum { MOST_PARTS = 64 };

static const StartInfo* info;
static struct Part {
    const char* name;
    uint64_t base, end;
} parts[MOST_PARTS];
static uint32_t part_count;

static uint32_t length(uint64_t text) {
    const char* const first = at(text);
    const char* last = first;
    while (*last != 0)
        last++;
    return (uint32_t)(last - first);
}

static void print_text(const char* name, uint64_t text) {
    print(" ");
    print(name);
    if (text == 0) {
        print(" none");
        return;
    }
    print(" \"");
    print(at(text));
    print("\"");
}

static uint32_t sum_of(const uint8_t* bytes, uint64_t count) {
    uint32_t sum = 0;
    for (uint64_t i = 0; i < count; i++)
        sum = sum * 31 + bytes[i];
    return sum;
}

/* Segment descriptors are read from the table: it may differ from what the processor has loaded. */
static void print_segment(const char* name, uint16_t selector) {
    uint32_t rights = 0, limit = 0;
    __asm__("lar %1, %0" : "+r"(rights) : "r"((uint32_t)selector) : "cc");
    __asm__("lsl %1, %0" : "+r"(limit) : "r"((uint32_t)selector) : "cc");
    print("pvh: segment ");
    print(name);
    print_field("selector", selector);
    print_field("rights", rights);
    print_field("limit", limit);
    print("\n");
}

static void print_state(void) {
    static const char* const general_names[] = {"eax", "ebx", "ecx", "edx",
                                                "esi", "edi", "ebp", "esp"};
    static const char* const segment_names[] = {"cs", "ds", "es", "fs", "gs", "ss", "tr", "ldtr"};
    print("pvh: registers");
    for (int i = EAX; i <= ESP; i++)
        print_field(general_names[i], entry_state.general[i]);
    print("\npvh: control");
    print_field("eflags", entry_state.eflags);
    print_field("cr0", entry_state.cr0);
    print_field("cr4", entry_state.cr4);
    print_field("efer", entry_state.efer);
    print_field("idt", entry_state.idt.limit);
    print("\n");
    for (int i = CS; i <= LDTR; i++)
        print_segment(segment_names[i], entry_state.selectors[i]);
}

static void print_start_info(void) {
    print("pvh: start");
    print_field("magic", info->magic);
    print_field("version", info->version);
    print_field("flags", info->flags);
    print_field("modules", info->module_count);
    print_field("rsdp", info->rsdp);
    print_field("ranges", info->map_count);
    print_text("command line", info->command_line);
    print("\n");
    const StartModule* const modules = at(info->modules);
    for (uint32_t i = 0; i < info->module_count; i++) {
        print("pvh: module");
        print_field("bytes", modules[i].bytes);
        print_field("sum", sum_of(at(modules[i].address), modules[i].bytes));
        print_text("string", modules[i].command_line);
        print("\n");
    }
    const StartRange* const map = at(info->map);
    for (uint32_t i = 0; i < info->map_count; i++) {
        print("pvh: range");
        print_field("base", map[i].base);
        print_field("bytes", map[i].bytes);
        print_field("type", map[i].type);
        print("\n");
    }
}

static void check_image(void) {
    begin_promise("P2", "each segment is at its physical address, zeroes after the file's bytes");
    const uint32_t bytes = (uint32_t)(far_end - far_start);
    for (uint32_t i = 0; i < bytes; i++)
        expect_equal("a byte", i < FAR_FILE_BYTES ? (uint8_t)(i * 7 + 3) : 0, far_start[i]);
    end_promise();
}

/* The descriptor of a selector that lies in the GDT. */
static uint64_t descriptor(uint16_t selector) {
    const uint32_t table = (uint32_t)entry_state.gdt.base_high << 16 | entry_state.gdt.base_low;
    return *(const uint64_t*)at(table + (selector & ~7u));
}

static void check_state(void) {
    const uint16_t* const selectors = entry_state.selectors;
    begin_promise("P4", "CR0 is PE and ET; CR4 and EFER are 0");
    expect_equal("cr0", 0x11, entry_state.cr0);
    expect_equal("cr4", 0, entry_state.cr4);
    expect_equal("efer", 0, entry_state.efer);
    end_promise();

    begin_promise("P5", "segments are flat: CS 10h, the others 18h");
    expect_equal("cs", 0x10, selectors[CS]);
    expect_equal("code", 0x00cf9b000000ffff, descriptor(selectors[CS]));
    for (int i = DS; i <= SS; i++)
        expect_equal("a data segment", 0x18, selectors[i]);
    expect_equal("data", 0x00cf93000000ffff, descriptor(selectors[DS]));
    end_promise();

    begin_promise("P6", "TR is a busy 32-bit TSS at 0 with the limit 67h");
    expect_equal("task", 0x00008b0000000067, descriptor(selectors[TR]));
    expect_equal("ldtr", 0, selectors[LDTR]);
    end_promise();

    begin_promise("P7", "EFLAGS is 2");
    expect_equal("eflags", 2, entry_state.eflags);
    end_promise();

    begin_promise("P8", "EBX is the start info's address; other registers are 0");
    expect_equal("magic", 0x336ec578, info->magic);
    for (int i = EAX; i < ESP; i++)
        expect_equal("a register", i == EBX ? entry_state.general[EBX] : 0, entry_state.general[i]);
    end_promise();
}

static void add_part(const char* name, uint64_t base, uint64_t bytes) {
    if (bytes == 0)
        return;
    expect(part_count < MOST_PARTS, "no more parts than the kernel looks at", part_count);
    if (part_count < MOST_PARTS)
        parts[part_count++] = (struct Part){name, base, base + bytes};
}

static uint64_t whole_pages(uint64_t bytes) {
    return bytes == 0 ? PAGE : (bytes + PAGE - 1) & ~(uint64_t)(PAGE - 1);
}

static void list_parts(void) {
    add_part("the kernel", (uint32_t)image_start, (uint32_t)(image_end - image_start));
    add_part("its far part", (uint32_t)far_start, (uint32_t)(far_end - far_start));
    add_part("the stack", entry_state.general[ESP] - 0x10000, 0x10000);
    add_part("the start info", entry_state.general[EBX], sizeof *info);
    add_part("the command line", info->command_line, length(info->command_line) + 1);
    add_part("the memory map", info->map, (uint64_t)info->map_count * sizeof(StartRange));
    add_part("the modules' list", info->modules,
             (uint64_t)info->module_count * sizeof(StartModule));
    const StartModule* const modules = at(info->modules);
    for (uint32_t i = 0; i < info->module_count; i++) {
        add_part("a module", modules[i].address, whole_pages(modules[i].bytes));
        if (modules[i].command_line != 0)
            add_part("a module's string", modules[i].command_line,
                     length(modules[i].command_line) + 1);
    }
}

static int is_memory(const struct Part* part) {
    const StartRange* const map = at(info->map);
    for (uint32_t i = 0; i < info->map_count; i++)
        if (map[i].type == MEMORY && part->base >= map[i].base &&
            part->end <= map[i].base + map[i].bytes)
            return 1;
    return 0;
}

static void check_places(void) {
    begin_promise("P9", "ESP is the top of a stack of 64 KiB, a multiple of 16");
    expect(entry_state.general[ESP] % 16 == 0, "a multiple of 16", entry_state.general[ESP]);
    end_promise();

    begin_promise("P15", "all of it lies below 4 GiB in memory, and no two parts overlap");
    list_parts();
    for (uint32_t i = 0; i < part_count; i++) {
        expect(parts[i].end <= (uint64_t)1 << 32, "below 4 GiB", parts[i].base);
        expect(is_memory(&parts[i]), parts[i].name, parts[i].base);
        for (uint32_t j = 0; j < i; j++)
            expect(parts[i].end <= parts[j].base || parts[j].end <= parts[i].base, parts[i].name,
                   parts[j].base);
    }
    end_promise();
}

static void check_start_info(void) {
    begin_promise("P10", "the start info is of version 1, its flags and reserved fields are 0");
    expect_equal("version", 1, info->version);
    expect_equal("flags", 0, info->flags);
    expect_equal("reserved", 0, info->reserved);
    end_promise();

    begin_promise("P11", "there is a command line, if an empty one");
    expect(info->command_line != 0, "an address", 0);
    end_promise();

    begin_promise("P12", "a module begins at a page, whose rest is zeroes");
    const StartModule* const modules = at(info->modules);
    expect((info->modules == 0) == (info->module_count == 0), "a list", info->modules);
    for (uint32_t i = 0; i < info->module_count; i++) {
        const uint8_t* const bytes = at(modules[i].address);
        expect(modules[i].address % PAGE == 0 && modules[i].address != 0, "a page",
               modules[i].address);
        expect_equal("reserved", 0, modules[i].reserved);
        for (uint64_t j = modules[i].bytes; j < whole_pages(modules[i].bytes); j++)
            expect(bytes[j] == 0, "zero", modules[i].address + j);
    }
    end_promise();

    begin_promise("P13", "the RSDP is there");
    const char* const rsdp = at(info->rsdp);
    uint8_t sum = 0;
    for (int i = 0; i < 20; i++)
        sum = (uint8_t)(sum + rsdp[i]);
    for (int i = 0; i < 8; i++)
        expect_equal("the signature", (uint8_t)"RSD PTR "[i], (uint8_t)rsdp[i]);
    expect_equal("the checksum", 0, sum);
    end_promise();
}

static void check_map(void) {
    const StartRange* const map = at(info->map);
    begin_promise("P14", "the memory map is of whole pages, sorted, and without overlaps");
    expect(info->map_count != 0, "a range", 0);
    for (uint32_t i = 0; i < info->map_count; i++) {
        expect((map[i].base | map[i].bytes) % PAGE == 0 && map[i].bytes != 0, "pages", map[i].base);
        expect(map[i].type >= MEMORY && map[i].type <= 7, "a type", map[i].type);
        expect_equal("reserved", 0, map[i].reserved);
        if (i == 0)
            continue;
        const uint64_t end = map[i - 1].base + map[i - 1].bytes;
        expect(end < map[i].base || (end == map[i].base && map[i].type != map[i - 1].type),
               "sorted, with ranges that differ", map[i].base);
    }
    end_promise();
}

void kernel_main(void) {
    info = at(entry_state.general[EBX]);
    print_state();
    print_start_info();
    if (info->command_line != 0)
        fault_by(at(info->command_line));
    check_image();
    check_state();
    check_start_info();
    check_map();
    check_places();
    end_promises("pvh");
}

/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Prints all that a Multiboot1 kernel is given, and judges it by the promises of
 * docs/protocols/multiboot.md. */
#include "../console.h"
#include "kernel.h"

void kernel_main(void);

enum { MAGIC = 0x2badb002 };

/* Bits of `flags`: Multiboot Specification 0.6.96, section 3.3. */
enum {
    MEMORY_SIZES = 0x1,
    DEVICE = 0x2,
    COMMAND_LINE = 0x4,
    MODULES = 0x8,
    AOUT_SYMBOLS = 0x10,
    SECTIONS = 0x20,
    MEMORY_MAP = 0x40,
    DRIVES = 0x80,
    CONFIGURATION = 0x100,
    LOADER_NAME = 0x200,
    APM = 0x400,
    VBE = 0x800,
    FRAMEBUFFER = 0x1000,
    KNOWN = 0x1fff
};

static const struct Information {
    uint32_t flags, lower, upper, device, command_line, module_count, modules;
    uint32_t section_count, section_bytes, sections, section_names;
    uint32_t map_bytes, map, drives_bytes, drives, configuration, loader_name, apm;
    uint32_t vbe_control, vbe_mode_info;
    uint16_t vbe_mode, vbe_interface[3];
    Screen screen;
    uint16_t unused;
    uint8_t colours[6];
}* info;

typedef struct {
    uint32_t start, end, string, reserved;
} ModuleEntry;

typedef struct __attribute__((packed)) {
    uint32_t bytes; /* that follow */
    Range range;
} MapEntry;

static const MapEntry* entry(uint32_t index) {
    return at(info->map + index * (uint32_t)sizeof(MapEntry));
}

static uint32_t entry_count(void) {
    return info->map_bytes / (uint32_t)sizeof(MapEntry);
}

static void print_information(void) {
    print("mb1: information");
    print_field("flags", info->flags);
    print_field("lower", info->lower);
    print_field("upper", info->upper);
    print_field("sections", info->section_count);
    print_field("section_bytes", info->section_bytes);
    print_field("section_names", info->section_names);
    print_text("command_line", at(info->command_line));
    print_text("loader", at(info->loader_name));
    print("\n");
    const ModuleEntry* const modules = at(info->modules);
    for (uint32_t i = 0; i < info->module_count; i++)
        print_module("mb1", modules[i].start, modules[i].end, at(modules[i].string));
    for (uint32_t i = 0; i < entry_count(); i++)
        print_range("mb1", &entry(i)->range);
    if ((info->flags & FRAMEBUFFER) != 0)
        print_screen("mb1", &info->screen, info->colours);
}

static void check_flags(void) {
    const uint32_t always =
        MEMORY_SIZES | COMMAND_LINE | MODULES | SECTIONS | MEMORY_MAP | LOADER_NAME;
    const uint32_t never = DEVICE | AOUT_SYMBOLS | DRIVES | CONFIGURATION | APM | ~(uint32_t)KNOWN;
    begin_promise("J6", "the flags are those of what there is");
    expect_equal("always there", always, info->flags & always);
    expect_equal("never there", 0, info->flags & never);
    expect_equal("device", 0, info->device | info->drives | info->configuration | info->apm);
    end_promise();
}

static void check_texts_and_modules(void) {
    begin_promise("J7", "the command line begins with the kernel's path");
    const char* const line = at(info->command_line);
    const char path[] = "/";
    for (uint32_t i = 0; i + 1 < sizeof path; i++)
        expect_equal("a letter", (uint8_t)path[i], (uint8_t)line[i]);
    end_promise();

    begin_promise("J8", "the loader's name begins with Baton");
    const char* const name = at(info->loader_name);
    for (int i = 0; i < 6; i++)
        expect_equal("a letter", (uint8_t)"Baton "[i], (uint8_t)name[i]);
    end_promise();

    begin_promise("J9", "each module begins at a page, beside the kernel");
    const ModuleEntry* const modules = at(info->modules);
    for (uint32_t i = 0; i < info->module_count; i++) {
        check_module(modules[i].start, modules[i].end);
        expect_equal("reserved", 0, modules[i].reserved);
    }
    end_promise();
}

static void check_memory(void) {
    uint32_t lower = 0, upper = 0;
    begin_promise("J10", "the memory map is of whole pages, sorted, and without overlaps");
    expect(entry_count() != 0, "an entry", 0);
    expect_equal("whole entries", 0, info->map_bytes % sizeof(MapEntry));
    for (uint32_t i = 0; i < entry_count(); i++) {
        expect_equal("an entry's bytes", 20, entry(i)->bytes);
        check_range(i == 0 ? 0 : &entry(i - 1)->range, &entry(i)->range);
        lower += lower_kib(&entry(i)->range);
        upper += upper_kib(&entry(i)->range);
    }
    end_promise();

    begin_promise("J11", "the memory sizes are those of the map");
    expect_equal("lower", lower, info->lower);
    expect_equal("upper", upper, info->upper);
    end_promise();
}

/* Little-endian. */
static uint32_t number(const uint8_t* bytes, int count) {
    uint32_t value = 0;
    while (count-- > 0)
        value = value << 8 | bytes[count];
    return value;
}

static void check_video(void) {
    begin_promise("J12", "framebuffer and VBE information are of one mode");
    expect_equal("both or none", (info->flags & FRAMEBUFFER) != 0, (info->flags & VBE) != 0);
    if ((info->flags & FRAMEBUFFER) != 0) {
        check_screen(&info->screen);
        expect_equal("bits of blue", 8, info->colours[5]);
        const uint8_t* const mode = at(info->vbe_mode_info);
        expect_equal("width", info->screen.width, number(mode + 18, 2));
        expect_equal("address", info->screen.address, number(mode + 40, 4));
        expect_equal("signature", 0x41534556, *(const uint32_t*)at(info->vbe_control));
    }
    end_promise();
}

static void check_sections(void) {
    typedef struct {
        uint32_t name, type, flags, address, offset, bytes, others[4];
    } Section;
    begin_promise("J13", "sections without an address are loaded, .shstrtab too");
    const Section* const sections = at(info->sections);
    expect_equal("an entry's bytes", sizeof(Section), info->section_bytes);
    for (uint32_t i = 1; i < info->section_count; i++)
        expect(sections[i].address != 0 || sections[i].bytes == 0, "an address", i);
    const Section* const of_names = &sections[info->section_names];
    const char* const own = at(of_names->address + of_names->name);
    for (int i = 0; i < 9; i++)
        expect_equal("a letter of its own name", (uint8_t)".shstrtab"[i], (uint8_t)own[i]);
    end_promise();
}

void kernel_main(void) {
    info = at(entry_state.general[EBX]);
    print_state("mb1");
    print_information();
    check_image("J2");
    check_state("J5", MAGIC, sizeof *info);
    check_flags();
    check_texts_and_modules();
    check_memory();
    check_video();
    check_sections();
    end_promises("mb1");
}

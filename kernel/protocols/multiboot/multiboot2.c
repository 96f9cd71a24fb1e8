/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Prints all that a Multiboot2 kernel is given, and judges it by the promises of
 * docs/protocols/multiboot2.md. With `fault` as its command line it faults instead. */
#include "../console.h"
#include "kernel.h"

void kernel_main(void);

enum { MAGIC = 0x36d76289 };

/* Tags: Multiboot2 Specification 2.0, section 3.6. */
enum {
    END,
    COMMAND_LINE,
    LOADER_NAME,
    MODULE,
    BASIC_MEMORY,
    BIOS_DEVICE,
    MEMORY_MAP,
    VBE,
    FRAMEBUFFER,
    ELF_SECTIONS,
    APM,
    EFI32,
    EFI64,
    SMBIOS,
    ACPI_OLD,
    ACPI_NEW,
    NETWORK,
    EFI_MAP,
    EFI_BOOT_SERVICES,
    EFI32_IMAGE,
    EFI64_IMAGE,
    LOAD_BASE,
    TAGS
};
static const char* const names[TAGS] = {
    "end",           "command line", "loader",      "module",   "memory",  "BIOS device",
    "map",           "VBE",          "framebuffer", "sections", "APM",     "EFI32",
    "EFI64",         "SMBIOS",       "old RSDP",    "new RSDP", "network", "EFI map",
    "boot services", "EFI32 image",  "EFI64 image", "load base"};

typedef struct {
    uint32_t type, bytes;
    union {
        char text[1];
        uint32_t words[8];
        struct __attribute__((packed)) {
            Screen screen;
            uint16_t reserved;
            uint8_t colours[6];
        };
        uint8_t contents[1];
    };
} Tag;

typedef struct {
    uint32_t name, type, flags, address, offset, bytes, link, info, alignment, entry_bytes;
} Section;

static const Tag* first;
static uint32_t total;
static const Tag* found[TAGS]; /* the last one of each type */

static const Tag* next(const Tag* tag) {
    return at(((uint32_t)tag + tag->bytes + 7) & ~7u);
}

static const Range* range_of(const Tag* map, uint32_t index) {
    return at((uint32_t)&map->words[2] + index * map->words[0]);
}

static uint32_t range_count(const Tag* map) {
    return map->words[0] == 0 ? 0 : (map->bytes - 16) / map->words[0];
}

static void print_map(const Tag* map) {
    for (uint32_t i = 0; i < range_count(map); i++)
        print_range("mb2", range_of(map, i));
}

/* What of a tag is the same on every boot of a machine. */
static void print_tag(const Tag* tag) {
    if (tag->type == MODULE) {
        print_module("mb2", tag->words[0], tag->words[1], (const char*)&tag->words[2]);
        return;
    }
    if (tag->type == FRAMEBUFFER) {
        print_screen("mb2", &tag->screen, tag->colours);
        return;
    }
    print("mb2: tag ");
    print(tag->type < TAGS ? names[tag->type] : "unknown");
    if (tag->type == COMMAND_LINE || tag->type == LOADER_NAME)
        print_text("text", tag->text);
    if (tag->type == BASIC_MEMORY) {
        print_field("lower", tag->words[0]);
        print_field("upper", tag->words[1]);
    }
    if (tag->type == ELF_SECTIONS) {
        print_field("count", tag->words[0]);
        print_field("entry_bytes", tag->words[1]);
        print_field("names", tag->words[2]);
    }
    print("\n");
    if (tag->type == MEMORY_MAP)
        print_map(tag);
}

static void check_form(void) {
    begin_promise("G9", "tags of whole sizes, each but modules once, and an end");
    const Tag* tag = first;
    const uint32_t end = (uint32_t)first - 8 + total;
    expect_equal("reserved", 0, *(const uint32_t*)at((uint32_t)first - 4));
    for (;;) {
        expect(tag->bytes >= 8 && (uint32_t)tag + tag->bytes <= end, "within the information",
               (uint32_t)tag);
        expect(tag->type < TAGS, "a type", tag->type);
        if (tag->bytes < 8 || tag->type >= TAGS || tag->type == END)
            break;
        expect(found[tag->type] == 0 || tag->type == MODULE || tag->type == SMBIOS, "once",
               tag->type);
        found[tag->type] = tag;
        tag = next(tag);
    }
    expect_equal("the end tag's size", 8, tag->bytes);
    expect_equal("the end", end, (uint32_t)tag + 8);
    end_promise();
}

static void check_texts_and_modules(void) {
    begin_promise("G10", "a command line");
    expect(found[COMMAND_LINE] != 0, "a tag", 0);
    end_promise();

    begin_promise("G11", "the loader's name begins with Baton");
    for (int i = 0; i < 6; i++)
        expect_equal("a letter", (uint8_t)"Baton "[i], (uint8_t)found[LOADER_NAME] -> text[i]);
    end_promise();

    begin_promise("G12", "each module begins at a page, beside the kernel");
    for (const Tag* tag = first; tag->type != END; tag = next(tag))
        if (tag->type == MODULE)
            check_module(tag->words[0], tag->words[1]);
    end_promise();
}

static void check_memory(void) {
    const Tag* const map = found[MEMORY_MAP];
    uint32_t lower = 0, upper = 0;
    begin_promise("G13", "the memory map is of whole pages, sorted, and without overlaps");
    expect_equal("an entry's bytes", 24, map->words[0]);
    expect_equal("version", 0, map->words[1]);
    expect(range_count(map) != 0, "a range", 0);
    for (uint32_t i = 0; i < range_count(map); i++) {
        check_range(i == 0 ? 0 : range_of(map, i - 1), range_of(map, i));
        lower += lower_kib(range_of(map, i));
        upper += upper_kib(range_of(map, i));
    }
    end_promise();

    begin_promise("G14", "the basic memory is that of the map");
    expect_equal("lower", lower, found[BASIC_MEMORY]->words[0]);
    expect_equal("upper", upper, found[BASIC_MEMORY]->words[1]);
    end_promise();
}

static int is_memory(uint32_t base, uint32_t bytes) {
    for (uint32_t i = 0; i < range_count(found[MEMORY_MAP]); i++) {
        const Range* const range = range_of(found[MEMORY_MAP], i);
        if (range->type == MEMORY && base >= range->base &&
            (uint64_t)base + bytes <= range->base + range->bytes)
            return 1;
    }
    return 0;
}

static void check_places(void) {
    begin_promise("G8", "all of it lies in memory, apart from the kernel");
    const uint32_t information = entry_state.general[EBX];
    expect(is_memory(information, total), "the information", information);
    expect(is_apart(information, information + total), "apart from the kernel", information);
    for (const Tag* tag = first; tag->type != END; tag = next(tag))
        if (tag->type == MODULE) {
            expect(is_memory(tag->words[0], tag->words[1] - tag->words[0]), "a module",
                   tag->words[0]);
            expect(tag->words[1] <= information || tag->words[0] >= information + total,
                   "apart from the information", tag->words[0]);
        }
    end_promise();
}

static void check_sections(void) {
    begin_promise("G16", "sections without an address are loaded, .shstrtab too");
    const Tag* const tag = found[ELF_SECTIONS];
    const Section* const sections = (const Section*)&tag->words[3];
    expect_equal("an entry's bytes", sizeof(Section), tag->words[1]);
    expect_equal("the tag's bytes", 20 + tag->words[0] * sizeof(Section), tag->bytes);
    for (uint32_t i = 1; i < tag->words[0]; i++)
        expect(sections[i].address != 0 || sections[i].bytes == 0, "an address", i);
    const Section* const of_names = &sections[tag->words[2]];
    expect_equal("the names", 0, *(const uint8_t*)at(of_names->address));
    const char* const own = at(of_names->address + of_names->name);
    for (int i = 0; i < 9; i++)
        expect_equal("a letter of its own name", (uint8_t)".shstrtab"[i], (uint8_t)own[i]);
    end_promise();
}

static void check_tables(void) {
    begin_promise("G17", "a copy of the RSDP");
    const Tag* const rsdp = found[ACPI_NEW] != 0 ? found[ACPI_NEW] : found[ACPI_OLD];
    expect(rsdp != 0, "a tag", 0);
    for (int i = 0; rsdp != 0 && i < 8; i++)
        expect_equal("the signature", (uint8_t)"RSD PTR "[i], rsdp -> contents[i]);
    uint8_t sum = 0;
    for (uint32_t i = 0; rsdp != 0 && i < rsdp->bytes - 8; i++)
        sum = (uint8_t)(sum + rsdp->contents[i]);
    expect_equal("the checksum", 0, sum);
    end_promise();

    begin_promise("G18", "the firmware's map comes with its system table");
    if (found[EFI_MAP] != 0) {
        expect(found[EFI64] != 0, "a system table", 0);
        expect(found[EFI_MAP]->words[0] >= 40, "descriptors", found[EFI_MAP]->words[0]);
        expect_equal("whole ones", 0, (found[EFI_MAP]->bytes - 16) % found[EFI_MAP]->words[0]);
    }
    end_promise();
}

static void check_absent(void) {
    static const uint8_t absent[] = {BIOS_DEVICE, VBE,     APM,       EFI32,
                                     EFI32_IMAGE, NETWORK, LOAD_BASE, EFI_BOOT_SERVICES};
    begin_promise("G20", "there is nothing that Baton doesn't have");
    for (uint32_t i = 0; i < sizeof absent; i++)
        expect(found[absent[i]] == 0, names[absent[i]], 0);
    end_promise();
}

void kernel_main(void) {
    const uint32_t information = entry_state.general[EBX];
    total = *(const uint32_t*)at(information);
    first = at(information + 8);
    print_state("mb2");
    check_form();
    for (const Tag* tag = first; tag->type != END; tag = next(tag))
        print_tag(tag);
    if (found[COMMAND_LINE] != 0 && found[COMMAND_LINE]->text[0] == 'f' &&
        found[COMMAND_LINE]->text[1] == 'a')
        __asm__ volatile("ud2");
    check_image("G2");
    check_state("G6", MAGIC, total);
    check_texts_and_modules();
    check_memory();
    check_places();
    begin_promise("G15", "the framebuffer is described");
    if (found[FRAMEBUFFER] != 0)
        check_screen(&found[FRAMEBUFFER]->screen);
    end_promise();
    check_sections();
    check_tables();
    check_absent();
    end_promises("mb2");
}

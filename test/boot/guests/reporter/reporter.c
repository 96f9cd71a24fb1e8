/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A kernel that prints what it was given on the debug console, a line for each thing, and ends
 * QEMU. For what only the test outside can judge. Any compiler and linker can make it. */
#include <baton/boot_info.h>

static void out8(uint16_t port, uint8_t value) {
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void print(const char* text) {
    while (*text)
        out8(0xe9, (uint8_t)*text++);
}

static void print_text(uint64_t address) {
    print("\"");
    print((const char*)(uintptr_t)address);
    print("\"");
}

static void print_hex(uint64_t value, unsigned digits) {
    while (digits-- > 0)
        out8(0xe9, (uint8_t)"0123456789abcdef"[value >> 4 * digits & 15]);
}

static void print_decimal(uint64_t value) {
    if (value >= 10)
        print_decimal(value / 10);
    out8(0xe9, (uint8_t)('0' + value % 10));
}

/* As GUIDs are written: the first three parts are little-endian numbers. */
static void print_guid(const BatonGuid* guid) {
    static const uint8_t order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    for (unsigned i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            print("-");
        print_hex(guid->bytes[order[i]], 2);
    }
}

/* Adler-32 (RFC 1950): Python's zlib has it too. */
static uint32_t checksum(const uint8_t* bytes, uint64_t count) {
    uint32_t a = 1;
    uint32_t b = 0;
    for (uint64_t i = 0; i < count; i++) {
        a = (a + bytes[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

static void report_modules(const BatonBootInfo* info) {
    for (uint32_t i = 0; i < info->module_count; i++) {
        const BatonModule* module = baton_module(info, i);
        print("report: module ");
        print_text(module->path);
        print(" ");
        print_text(module->string);
        print(", ");
        print_decimal(module->bytes);
        print(" bytes, checksum ");
        print_hex(checksum((const uint8_t*)(uintptr_t)module->address, module->bytes), 8);
        print("\n");
    }
}

static void report_boot_device(const BatonBootDevice* device) {
    print("report: boot device ");
    print_decimal(device->kind);
    print(", partition ");
    print_decimal(device->partition_number);
    print(" ");
    print_guid(&device->partition_guid);
    print(", disk ");
    print_guid(&device->disk_guid);
    print(", signature ");
    print_hex(device->mbr_signature, 8);
    print("\nreport: server");
    for (uint32_t i = 0; i < device->server_address_bytes; i++) {
        print(i ? "." : " ");
        print_decimal(device->server_address[i]);
    }
    print("\nreport: loader ");
    print_text(device->loader_path);
    print(" on ");
    print_text(device->device_path);
    print("\n");
}

static void report_origins(const BatonBootInfo* info) {
    for (uint32_t i = 0; i < info->memory_map_count; i++) {
        const char* origin = (const char*)(uintptr_t)baton_memory_range(info, i)->origin;
        if (!*origin)
            continue;
        print("report: origin \"");
        print(origin);
        print("\"\n");
    }
}

static void report_event_log(const BatonBootInfo* info) {
    if (info->event_log_format == BATON_EVENT_LOG_NONE)
        return;
    print("report: event log ");
    for (uint64_t i = 0; i < info->event_log_bytes; i++)
        print_hex(((const uint8_t*)(uintptr_t)info->event_log)[i], 2);
    print("\n");
}

/* Pointers in initialised data: a position-independent kernel has a relocation for each. */
static void one(void) {
    print("one");
}
static void two(void) {
    print("two");
}
static void three(void) {
    print("three");
}
static void (*functions[])(void) = {one, two, three};
static void (*const constant_functions[])(void) = {three, two, one};
static char zeroes[10000];

static void report_image(void) {
    print("report: functions ");
    for (unsigned i = 0; i < 3; i++) {
        /* The compiler must not know what is in the arrays. */
        void (**function)(void) = &functions[i];
        void (*const* constant)(void) = &constant_functions[i];
        __asm__ volatile("" : "+r"(function), "+r"(constant) : : "memory");
        (*function)();
        print(" ");
        (*constant)();
        print(i < 2 ? " " : "\n");
    }
    unsigned others = 0;
    for (unsigned i = 0; i < sizeof zeroes; i++)
        others += zeroes[i] != 0;
    zeroes[others] = 1;
    print(others == 0 ? "report: .bss is zero\n" : "report: .bss is not zero\n");
}

void _start(const BatonBootInfo* info) { // NOLINT(readability-identifier-naming)
    const int valid = baton_boot_info_is_valid(info);
    if (valid) {
        print("\nreport: kernel ");
        print_text(info->kernel_path);
        print(", command line ");
        print_text(info->command_line);
        print(", slide ");
        print_hex(info->kernel_slide, 16);
        print("\n");
        report_modules(info);
        report_boot_device(&info->boot_device);
        report_origins(info);
        report_event_log(info);
        report_image();
        print("report: end\n");
    }
    __asm__ volatile("outl %0, %1" : : "a"(valid ? 0x10 : 0x11), "Nd"((uint16_t)0xf4));
    for (;;)
        __asm__ volatile("hlt");
}

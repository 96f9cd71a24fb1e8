/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Prints its command line, and its modules with their strings, on the first serial port. */
#include <baton/boot_info.h>

static void out8(uint16_t port, uint8_t value) {
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void print(const char* text) {
    while (*text)
        out8(0x3f8, (uint8_t)*text++);
}

void _start(const BatonBootInfo* info);
void _start(const BatonBootInfo* info) {
    const int valid = baton_boot_info_is_valid(info);
    if (valid) {
        print("my kernel: command line ");
        print((const char*)(uintptr_t)info->command_line);
        print("\r\n");
        for (uint32_t i = 0; i < info->module_count; ++i) {
            const BatonModule* module = baton_module(info, i);
            print("my kernel: ");
            print((const char*)(uintptr_t)module->string);
            print(": ");
            print((const char*)(uintptr_t)module->address); /* the rest of its page is zeroes */
            print("\r\n");
        }
    }
    out8(0xf4, valid ? 0x10 : 0x11); /* ends QEMU */
    for (;;)
        __asm__ volatile("hlt");
}

/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A kernel written with the headers of 0.1.0. It checks what it needs and writes what it found on
 * the debug console; QEMU ends with success if all was as it expects.
 */
#include <baton/boot_info.h>

BATON_WISH(BATON_WISH_PROTOCOL, BATON_WISH_REQUIRED, BATON_BOOT_INFO_VERSION, 0);
BATON_WISH(BATON_WISH_STACK, BATON_WISH_REQUIRED, 256 * 1024, 0);
BATON_WISH(BATON_WISH_KERNEL_FILE, BATON_WISH_REQUIRED, 1, 0);

static void out8(uint16_t port, uint8_t value) {
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void print(const char* text) {
    while (*text)
        out8(0xe9, (uint8_t)*text++);
}

static const char* text_at(uint64_t address) {
    return (const char*)(uintptr_t)address;
}

static void end(const char* text, uint8_t status) {
    print(text);
    print("\n");
    out8(0xf4, status);
    for (;;)
        __asm__ volatile("hlt");
}

static void check(int holds, const char* what) {
    if (!holds)
        end(what, 0x11);
}

static void check_memory_map(const BatonBootInfo* info) {
    uint64_t last = 0, usable = 0;
    for (uint32_t i = 0; i < info->memory_map_count; ++i) {
        const BatonMemoryRange* range = baton_memory_range(info, i);
        check(range->base_physical >= last && range->bytes != 0, "the memory map is not sorted");
        last = range->base_physical + range->bytes;
        if (range->type == BATON_MEMORY_USABLE)
            usable += range->bytes;
    }
    check(usable > 64 << 20, "too little memory is usable");
}

void _start(const BatonBootInfo* info);
void _start(const BatonBootInfo* info) {
    uint64_t here;
    __asm__ volatile("mov %%rsp, %0" : "=r"(here));
    check(baton_boot_info_is_valid(info), "the record is not valid");
    check(info->size >= sizeof *info, "the record is shorter than it was");
    check_memory_map(info);
    check(info->stack_bytes >= 256 * 1024, "the stack is smaller than requested");
    check(here > info->stack_base && here <= info->stack_base + info->stack_bytes,
          "the stack is somewhere else");
    check(text_at(info->kernel_file)[1] == 'E', "the kernel's file is not there");
    baton_acknowledge(info);
    for (uint32_t i = 0; i < info->module_count; ++i) {
        print(text_at(baton_module(info, i)->string));
        print(": ");
        print(text_at(baton_module(info, i)->address)); /* the rest of its page is zeroes */
        print("\n");
    }
    end(text_at(info->command_line), 0x10);
}

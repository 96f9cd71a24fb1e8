/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel.h"

#include "../console.h"

void print_text(const char* name, const char* text) {
    print(" ");
    print(name);
    print(" \"");
    print(text);
    print("\"");
}

void print_state(const char* protocol) {
    static const char* const names[] = {"eax", "ebx", "ecx", "edx", "esi", "edi", "ebp", "esp"};
    static const char* const segments[] = {"cs", "ds", "es", "fs", "gs", "ss"};
    print(protocol);
    print(": state");
    for (int i = EAX; i <= ESP; i++)
        print_field(names[i], entry_state.general[i]);
    print_field("eflags", entry_state.eflags);
    print_field("cr0", entry_state.cr0);
    print_field("cr4", entry_state.cr4);
    print_field("efer", entry_state.efer);
    for (int i = CS; i <= SS; i++)
        print_field(segments[i], entry_state.selectors[i]);
    print("\n");
}

void print_module(const char* protocol, uint32_t start, uint32_t end, const char* string) {
    uint32_t sum = 0;
    for (const uint8_t* byte = at(start); byte != at(end); byte++)
        sum = sum * 31 + *byte;
    print(protocol);
    print(": module");
    print_field("bytes", end - start);
    print_field("sum", sum);
    print_text("string", string);
    print("\n");
}

void print_range(const char* protocol, const Range* range) {
    print(protocol);
    print(": range");
    print_field("base", range->base);
    print_field("bytes", range->bytes);
    print_field("type", range->type);
    print("\n");
}

void print_screen(const char* protocol, const Screen* screen, const uint8_t* colours) {
    static const char* const names[] = {"red_shift",  "red_bits",   "green_shift",
                                        "green_bits", "blue_shift", "blue_bits"};
    print(protocol);
    print(": framebuffer");
    print_field("address", screen->address);
    print_field("pitch", screen->pitch);
    print_field("width", screen->width);
    print_field("height", screen->height);
    print_field("depth", screen->bits_per_pixel);
    print_field("type", screen->type);
    for (int i = 0; i < 6; i++)
        print_field(names[i], colours[i]);
    print("\n");
}

static uint32_t limit_of(uint16_t selector) {
    uint32_t limit = 0;
    __asm__("lsl %1, %0" : "+r"(limit) : "r"((uint32_t)selector) : "cc");
    return limit;
}

void check_state(const char* number, uint32_t magic, uint32_t information_bytes) {
    begin_promise(number, "EAX, EBX, and flat 32-bit segments without paging or interrupts");
    expect_equal("eax", magic, entry_state.general[EAX]);
    const uint32_t information = entry_state.general[EBX];
    expect(information % 8 == 0 && information >= (1 << 16), "a multiple of 8", information);
    expect(information + information_bytes > information, "below 4 GiB", information);
    for (int i = ECX; i < ESP; i++)
        expect_equal("another register", 0, entry_state.general[i]);
    expect_equal("eflags", 2, entry_state.eflags);
    expect_equal("cr0", 0x11, entry_state.cr0);
    expect_equal("cr4", 0, entry_state.cr4);
    expect_equal("efer", 0, entry_state.efer);
    expect_equal("cs", 0x10, entry_state.selectors[CS]);
    for (int i = DS; i <= SS; i++)
        expect_equal("a data segment", 0x18, entry_state.selectors[i]);
    for (int i = CS; i <= SS; i++)
        expect_equal("a limit", 0xffffffff, limit_of(entry_state.selectors[i]));
    expect(entry_state.general[ESP] % 16 == 0, "a stack", entry_state.general[ESP]);
    end_promise();
}

void check_image(const char* number) {
    begin_promise(number, "each segment is at its physical address, zeroes after the file's bytes");
    const uint32_t bytes = (uint32_t)(far_end - far_start);
    for (uint32_t i = 0; i < bytes; i++)
        expect_equal("a byte", i < FAR_FILE_BYTES ? (uint8_t)(i * 7 + 3) : 0, far_start[i]);
    end_promise();
}

int is_apart(uint32_t start, uint32_t end) {
    return (end <= (uint32_t)image_start || start >= (uint32_t)image_end) &&
           (end <= (uint32_t)far_start || start >= (uint32_t)far_end);
}

void check_module(uint32_t start, uint32_t end) {
    expect(start % PAGE == 0 && start != 0, "a page", start);
    expect(end >= start, "an end", end);
    expect(is_apart(start, end), "beside the kernel", start);
}

void check_range(const Range* before, const Range* range) {
    expect((range->base | range->bytes) % PAGE == 0 && range->bytes != 0, "pages", range->base);
    expect(range->type >= MEMORY && range->type <= 7, "a type", range->type);
    if (before == 0)
        return;
    const uint64_t end = before->base + before->bytes;
    expect(end < range->base || (end == range->base && before->type != range->type),
           "sorted, with ranges that differ", range->base);
}

uint32_t lower_kib(const Range* range) {
    if (range->type != MEMORY || range->base != 0)
        return 0;
    const uint32_t kib = (uint32_t)(range->bytes >> 10);
    return kib < 640 ? kib : 640;
}

uint32_t upper_kib(const Range* range) {
    const uint32_t upper = 1 << 20;
    const uint64_t end = range->base + range->bytes;
    if (range->type != MEMORY || range->base > upper || end <= upper)
        return 0;
    return (uint32_t)((end - upper) >> 10);
}

void check_screen(const Screen* screen) {
    expect(screen->address != 0, "an address", 0);
    expect_equal("type", 1, screen->type);
    expect(screen->width != 0 && screen->height != 0, "pixels", screen->width);
    expect(screen->pitch >= screen->width * screen->bits_per_pixel / 8, "a pitch", screen->pitch);
}

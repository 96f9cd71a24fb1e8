/* SPDX-License-Identifier: BSD-2-Clause */
#include "console.h"

enum { DEBUG_PORT = 0xe9, EXIT_PORT = 0xf4, EXIT_GOOD = 0x10, EXIT_BAD = 0x11 };

static struct {
    const char* number;
    const char* text;
    uint32_t failures;
} promise;
static uint32_t kept, broken;

static void put(char character) {
    __asm__ volatile("outb %0, %1" : : "a"(character), "Nd"((uint16_t)DEBUG_PORT));
}

void print(const char* text) {
    for (; *text != 0; text++)
        put(*text);
}

void print_hex(uint64_t value) {
    unsigned shift = 60;
    while (shift != 0 && value >> shift == 0)
        shift -= 4;
    print("0x");
    for (;; shift -= 4) {
        put("0123456789abcdef"[value >> shift & 15]);
        if (shift == 0)
            return;
    }
}

void print_decimal(uint32_t value) {
    if (value >= 10)
        print_decimal(value / 10);
    put((char)('0' + value % 10));
}

void print_field(const char* name, uint64_t value) {
    print(" ");
    print(name);
    print(" ");
    print_hex(value);
}

void finish(int is_good) {
    __asm__ volatile("outl %0, %1"
                     :
                     : "a"(is_good ? EXIT_GOOD : EXIT_BAD), "Nd"((uint16_t)EXIT_PORT));
    for (;;)
        __asm__ volatile("cli; hlt");
}

void begin_promise(const char* number, const char* text) {
    promise.number = number;
    promise.text = text;
    promise.failures = 0;
}

static void print_promise(const char* outcome) {
    print(outcome);
    print(promise.number);
    print(" ");
    print(promise.text);
}

/* Whether it is the first failure, whose line has begun. */
static int fail(const char* what) {
    if (promise.failures++ != 0)
        return 0;
    print_promise("FAIL ");
    print(": ");
    print(what);
    return 1;
}

void expect(int holds, const char* what, uint64_t found) {
    if (holds || !fail(what))
        return;
    print(", found otherwise at ");
    print_hex(found);
    print("\n");
}

void expect_equal(const char* what, uint64_t expected, uint64_t found) {
    if (expected == found || !fail(what))
        return;
    print(": expected ");
    print_hex(expected);
    print(", found ");
    print_hex(found);
    print("\n");
}

void end_promise(void) {
    if (promise.failures != 0) {
        broken++;
        return;
    }
    kept++;
    print_promise("PASS ");
    print("\n");
}

void end_promises(const char* name) {
    print(name);
    print(": ");
    print_decimal(kept);
    print(" kept, ");
    print_decimal(broken);
    print(" broken\n");
    finish(broken == 0);
}

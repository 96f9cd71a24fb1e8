/* SPDX-License-Identifier: BSD-2-Clause
 *
 * How both Multiboot test kernels print and judge what both kinds of information hold. */
#ifndef KERNEL_H
#define KERNEL_H

#include "../entry.h"

#include <stdint.h>

enum { PAGE = 4096, MEMORY = 1 };

/* As E820 has it; Multiboot1 has the size of the rest before each. */
typedef struct __attribute__((packed)) {
    uint64_t base;
    uint64_t bytes;
    uint32_t type;
} Range;

/* Both kinds of framebuffer information from the address on. */
typedef struct __attribute__((packed)) {
    uint64_t address;
    uint32_t pitch, width, height;
    uint8_t bits_per_pixel, type;
} Screen;

static inline const void* at(uint32_t address) {
    return (const void*)address;
}

void print_text(const char* name, const char* text);
void print_state(const char* protocol);
void print_module(const char* protocol, uint32_t start, uint32_t end, const char* string);
void print_range(const char* protocol, const Range* range);
void print_screen(const char* protocol, const Screen* screen, const uint8_t* colours);

void check_state(const char* number, uint32_t magic, uint32_t information_bytes);
void check_image(const char* number);
/* Whether it is no part of the kernel. */
int is_apart(uint32_t start, uint32_t end);
void check_module(uint32_t start, uint32_t end);
/* `range` follows `before`; null: it is the first. */
void check_range(const Range* before, const Range* range);
/* Of the basic memory fields, for the ranges that begin at 0 and span 1 MiB. */
uint32_t lower_kib(const Range* range);
uint32_t upper_kib(const Range* range);
void check_screen(const Screen* screen);

#endif

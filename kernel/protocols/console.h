/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a test kernel says, on QEMU's debug console, and how it ends QEMU. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

void print(const char* text);
void print_hex(uint64_t value);
void print_decimal(uint32_t value);
/* " NAME 0x…" */
void print_field(const char* name, uint64_t value);
/* Ends QEMU by its isa-debug-exit, or stops. */
__attribute__((noreturn)) void finish(int is_good);

/* Promises: each is begun, then judged any number of times, then ended. The first thing that is
 * wrong is printed. `what` says what should hold. */
void begin_promise(const char* number, const char* text);
void expect(int holds, const char* what, uint64_t found);
void expect_equal(const char* what, uint64_t expected, uint64_t found);
void end_promise(void);
/* Prints how many were kept, and ends QEMU. */
__attribute__((noreturn)) void end_promises(const char* name);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Faults of a 32-bit kernel that has no IDT of its own yet: a function for each, whose name and
 * line `baton explain` finds. */
#include "pvh.h"

#include "../console.h"

typedef void Fault(void);

static void divide_by_zero(void) {
    __asm__ volatile("xor %%ecx, %%ecx; div %%ecx" : : : "eax", "ecx", "edx");
}

static void run_invalid_code(void) {
    __asm__ volatile("ud2");
}

static void load_bad_segment(void) {
    __asm__ volatile("mov %0, %%es" : : "r"(0xfff8));
}

static void call_through_bad_gate(void) {
    __asm__ volatile("int $0x80");
}

static void stop_at_breakpoint(void) {
    __asm__ volatile("int3");
}

static void wait_for_nmi(void) {
    print("pvh: waiting\n");
    for (;;)
        __asm__ volatile("hlt");
}

/* Its segments as most kernels have them, and then a fault: data segments are of no use. */
static void fault_with_own_segments(void) {
    static const uint64_t gdt[] = {0, 0x00cf9a000000ffff, 0x00cf92000000ffff};
    const struct __attribute__((packed)) {
        uint16_t limit;
        uint32_t base;
    } table = {sizeof gdt - 1, (uint32_t)gdt};
    __asm__ volatile("lgdt %0; ljmp $8, $1f; 1: mov %1, %%ds; mov %1, %%es; ud2"
                     :
                     : "m"(table), "r"(0));
}

/* Maps all addresses to themselves but for the 4 MiB at UNMAPPED. */
enum { UNMAPPED = 0x40000000 };
static uint32_t directory[1024] __attribute__((aligned(PAGE)));

static __attribute__((noinline)) void touch_unmapped_page(void) {
    *(volatile uint32_t*)(UNMAPPED + 0x123) = 1;
}

static void fault_with_own_paging(void) {
    enum { PRESENT_WRITABLE_LARGE = 0x83, CR4_PSE = 0x10 };
    for (uint32_t i = 0; i < 1024; i++)
        directory[i] = i << 22 | PRESENT_WRITABLE_LARGE;
    directory[UNMAPPED >> 22] = 0;
    __asm__ volatile("mov %0, %%cr4; mov %1, %%cr3; mov %%cr0, %%eax; or $0x80000000, %%eax;"
                     "mov %%eax, %%cr0"
                     :
                     : "r"(CR4_PSE), "r"(directory)
                     : "eax", "memory");
    touch_unmapped_page();
}

static __attribute__((noinline)) void called_function(void) {
    run_invalid_code();
}

static void fault_in_a_function(void) {
    called_function();
    print("pvh: came back\n");
}

static const struct {
    const char* word;
    Fault* fault;
} faults[] = {
    {"fault=divide", divide_by_zero},
    {"fault=invalid", run_invalid_code},
    {"fault=segment", load_bad_segment},
    {"fault=gate", call_through_bad_gate},
    {"fault=breakpoint", stop_at_breakpoint},
    {"fault=nmi", wait_for_nmi},
    {"fault=own-segments", fault_with_own_segments},
    {"fault=function", fault_in_a_function},
    {"fault=paging", fault_with_own_paging},
};

static int same(const char* a, const char* b) {
    while (*a != 0 && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

void fault_by(const char* word) {
    for (uint32_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        if (same(word, faults[i].word))
            faults[i].fault();
}

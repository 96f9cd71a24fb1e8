/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Each processor draws its stripe of the screen, and counts the pixels. See README.md. */
#include <baton/boot_info.h>

BATON_REQUEST(BATON_REQUEST_PROCESSORS, 0, BATON_PROCESSORS_PARKED, 0);

enum { MOST_PROCESSORS = 4096, COUNT_WITHOUT_SCREEN = 1000000 };

static const BatonBootInfo* boot;
static const BatonFramebuffer* screen; /* null: there is none, or none of 32 bits a pixel */
static volatile uint64_t counts[MOST_PROCESSORS];
static uint32_t finished;

static void print(const char* text) {
    for (; *text != '\0'; text++)
        __asm__ volatile("outb %0, %1" : : "a"(*text), "Nd"((uint16_t)0x3f8));
}

static void print_number(const char* before, uint64_t number) {
    char digits[21] = {0};
    char* first = &digits[20];
    do
        *--first = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    print(before);
    print(first);
}

static uint32_t colour_of(uint32_t number) {
    const uint32_t red = 85 * (number & 3), green = 85 * (number >> 2 & 3);
    return red << screen->red_shift | green << screen->green_shift |
           (255 - red / 2) << screen->blue_shift;
}

static void draw_stripe(uint32_t number) {
    for (uint64_t y = 0; screen != NULL && y < screen->height_pixels; y++) {
        volatile uint32_t* row = (uint32_t*)(screen->address + y * screen->pitch_bytes);
        if (y * boot->processor_count / screen->height_pixels == number)
            for (uint32_t x = 0; x < screen->width_pixels; x++, counts[number]++)
                row[x] = colour_of(number);
    }
    while (screen == NULL && counts[number] < COUNT_WITHOUT_SCREEN)
        counts[number]++;
}

static void work(BatonProcessor* processor) {
    draw_stripe((uint32_t)processor->argument);
    __atomic_fetch_add(&finished, 1, __ATOMIC_RELEASE);
    for (;;)
        __asm__ volatile("hlt");
}

void kernel_main(const BatonBootInfo* info) {
    uint32_t started = 0;
    boot = info;
    if (info->framebuffer_count != 0 && baton_framebuffer(info, 0)->bits_per_pixel == 32)
        screen = baton_framebuffer(info, 0);
    for (uint32_t i = 0; i < info->processor_count; i++)
        started += (uint32_t)baton_start_processor(baton_processor(info, i), work, i);
    draw_stripe(0); /* the boot processor is the first */
    while (__atomic_load_n(&finished, __ATOMIC_ACQUIRE) != started)
        __builtin_ia32_pause();

    for (uint32_t i = 0; i < info->processor_count; i++) {
        print_number("processor ", i);
        print_number(", APIC id ", baton_processor(info, i)->apic_id);
        print_number(": counted to ", counts[i]);
        print("\r\n");
    }
    if (screen == NULL) /* there is nothing to look at: ends QEMU, with success */
        __asm__ volatile("outl %0, %1" : : "a"(0x10), "Nd"((uint16_t)0xf4));
    for (;;)
        __asm__ volatile("hlt");
}

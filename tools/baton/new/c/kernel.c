/* The kernel: _start() is its first function. */
#include <baton/boot_info.h>

/* What the kernel requests from the loader: a stack of 128 KiB. */
BATON_REQUEST(BATON_REQUEST_STACK, 0, 128 * 1024, 0);

static void out8(uint16_t port, uint8_t value) {
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t in8(uint16_t port) {
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

/* On the first serial port, which the loader has set up. */
static void print(const char* text) {
    for (; *text != '\0'; ++text) {
        for (int i = 0; i < 10000 && (in8(0x3fd) & 0x20) == 0; ++i) /* until it can send */
            ;
        out8(0x3f8, (uint8_t)*text);
    }
}

/* The trap is an exception, which the loader reports. */
static _Noreturn void panic(const char* why) {
    print("panic: ");
    print(why);
    print("\r\n");
    __builtin_trap();
}

static void draw(const BatonFramebuffer* screen) {
    if (screen->bits_per_pixel != 32)
        return;
    for (uint32_t y = 0; y < screen->height_pixels; ++y) {
        uint32_t* row = (uint32_t*)(screen->address + (uint64_t)y * screen->pitch_bytes);
        for (uint32_t x = 0; x < screen->width_pixels; ++x)
            row[x] = ((x ^ y) & 0xff) << screen->blue_shift;
    }
}

void _start(const BatonBootInfo* info) {
    if (!baton_boot_info_is_valid(info))
        panic("the loader is older than the kernel");
    baton_acknowledge(info); /* the kernel has come this far */
    print("Hello from @NAME@\r\n");

    if (info->framebuffer_count != 0)
        draw(baton_framebuffer(info, 0));
    else
        out8(0xf4, 0x10); /* there is nothing to look at: ends QEMU, with success */
    for (;;)
        __asm__ volatile("hlt");
}

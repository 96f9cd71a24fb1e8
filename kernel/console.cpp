// SPDX-License-Identifier: BSD-2-Clause
#include "console.hpp"

namespace {

constexpr uint16_t kDebugConsole = 0xe9;
constexpr uint16_t kSerial = 0x3f8; // a 16550
constexpr uint16_t kLineStatus = kSerial + 5;

struct Colour {
    uint8_t red, green, blue;
};
constexpr Colour kBackground = {16, 24, 48}, kText = {224, 232, 240};
constexpr Colour kBaton[] = {{224, 48, 48}, {48, 192, 80}, {64, 112, 240}, {255, 255, 255}};

// A byte for each column of a character, its top pixel in bit 0. Made of stage2-stub/font.txt.
constexpr uint32_t kGlyphWidth = 5, kGlyphHeight = 7;
constexpr uint8_t kGlyphs[][kGlyphWidth] = {
#include "font.inc"
};

const BatonFramebuffer* screen;    // null: none
uint32_t scale, columns, rows;     // pixels of a font's pixel; the screen's size in characters
uint32_t column, row;              // of the next character
constexpr uint32_t kFixedRows = 3; // the coloured one, and two of text

uint32_t channel(uint8_t value, unsigned shift, unsigned bits) {
    return (bits < 8 ? uint32_t{value} >> (8 - bits) : uint32_t{value} << (bits - 8)) << shift;
}

/// Parts of a rectangle outside the screen must be left out by the caller.
void fill(uint32_t left, uint32_t top, uint32_t width, uint32_t height, Colour colour) {
    const uint32_t pixel = channel(colour.red, screen->red_shift, screen->red_bits) |
                           channel(colour.green, screen->green_shift, screen->green_bits) |
                           channel(colour.blue, screen->blue_shift, screen->blue_bits);
    const uint32_t pixel_bytes = (screen->bits_per_pixel + 7u) / 8;
    for (uint32_t y = top; y < top + height; ++y) {
        auto* to = reinterpret_cast<uint8_t*>(screen->address + uint64_t{y} * screen->pitch_bytes +
                                              uint64_t{left} * pixel_bytes);
        for (uint32_t x = 0; x < width; ++x)
            for (uint32_t byte = 0; byte < pixel_bytes; ++byte)
                *to++ = static_cast<uint8_t>(pixel >> 8 * byte);
    }
}

void draw_glyph(const uint8_t (&glyph)[kGlyphWidth], uint32_t left, uint32_t top) {
    for (uint32_t x = 0; x < kGlyphWidth; ++x)
        for (uint32_t y = 0; y < kGlyphHeight; ++y)
            if ((glyph[x] >> y & 1) != 0)
                fill(left + x * scale, top + y * scale, scale, scale, kText);
}

/// Moves the rows from kFixedRows on up by one. To read a framebuffer is slow: a console that has
/// more to say keeps a copy in memory.
void scroll(uint32_t height) {
    const uint64_t row_bytes = uint64_t{height} * screen->pitch_bytes;
    auto* to = reinterpret_cast<volatile uint64_t*>(screen->address + kFixedRows * row_bytes);
    const uint64_t row_words = row_bytes / sizeof *to;
    for (uint64_t i = 0; i < row_words * (rows - 1 - kFixedRows); ++i)
        to[i] = to[i + row_words];
}

/// A character has a margin of a pixel at its left and of two below.
void put_on_screen(char character) {
    const uint32_t width = (kGlyphWidth + 1) * scale, height = (kGlyphHeight + 2) * scale;
    if (character == '\n') {
        column = 0;
        if (row + 1 < rows) {
            ++row;
        } else {
            scroll(height);
            fill(0, row * height, screen->width_pixels, height, kBackground);
        }
    } else if (column < columns) {
        if (character >= ' ' && character <= '~')
            draw_glyph(kGlyphs[character - ' '], column * width + scale, row * height);
        ++column;
    }
}

void put_on_serial_port(char character) {
    constexpr int kMostReads = 10000; // so that a port that isn't there doesn't stop the kernel
    for (int i = 0; i < kMostReads && (in8(kLineStatus) & 0x20) == 0; ++i) // transmitter empty
        ;
    out8(kSerial, static_cast<uint8_t>(character));
}

void put(char character) {
    out8(kDebugConsole, static_cast<uint8_t>(character));
    if (character == '\n')
        put_on_serial_port('\r');
    put_on_serial_port(character);
    if (screen != nullptr)
        put_on_screen(character);
}

/// In a column of `width` characters.
void print_number(uint64_t value, unsigned base, unsigned width, char padding) {
    char digits[20]; // 2^64 - 1 has 20 decimal digits
    unsigned count = 0;
    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    for (unsigned i = count; i < width; ++i)
        put(padding);
    while (count != 0)
        put(digits[--count]);
}

} // namespace

void start_serial_port() {
    // 115200 baud, 8 data bits, no parity, 1 stop bit, no interrupts; both queues on and empty.
    constexpr uint8_t kSetUp[][2] = {{1, 0}, {3, 0x80}, {0, 1}, {1, 0}, {3, 3}, {2, 7}, {4, 3}};
    for (const auto& [port, value] : kSetUp)
        out8(kSerial + port, value);
}

void start_screen(const BatonFramebuffer& framebuffer) {
    screen = &framebuffer;
    scale = framebuffer.width_pixels >= 1024 ? 2 : 1;
    columns = framebuffer.width_pixels / ((kGlyphWidth + 1) * scale);
    rows = framebuffer.height_pixels / ((kGlyphHeight + 2) * scale);
    fill(0, 0, framebuffer.width_pixels, framebuffer.height_pixels, kBackground);
    const uint32_t quarter = framebuffer.width_pixels / 4;
    for (uint32_t i = 0; i < 4; ++i)
        fill(i * quarter, 0, quarter, kGlyphHeight * scale, kBaton[i]);
    row = 1;
}

void print(const char* text) {
    for (; *text != '\0'; ++text)
        put(*text);
}

void print(Hex number) {
    print("0x");
    print_number(number.value, 16, number.digits, '0');
}

void print(Decimal number) {
    print_number(number.value, 10, number.width, ' ');
}

// SPDX-License-Identifier: BSD-2-Clause
//
// Draws text, and a test picture: a vertical gradient, a baton of red, green, blue and white in its
// middle, and a white border one pixel wide, which shows a wrong size or pitch at a glance.

#include "screen.hpp"

namespace {

struct Colour {
    uint8_t red, green, blue;
};

constexpr Colour kWhite = {255, 255, 255};
constexpr Colour kBaton[] = {{224, 48, 48}, {48, 192, 80}, {64, 112, 240}, kWhite};

/// An 8-bit value as a channel of `bits` bits at `shift`.
uint32_t channel(uint8_t value, unsigned shift, unsigned bits) {
    const uint32_t scaled =
        bits < 8 ? uint32_t{value} >> (8 - bits) : uint32_t{value} << (bits - 8);
    return scaled << shift;
}

uint32_t encode(const BatonFramebuffer& screen, Colour colour) {
    return channel(colour.red, screen.red_shift, screen.red_bits) |
           channel(colour.green, screen.green_shift, screen.green_bits) |
           channel(colour.blue, screen.blue_shift, screen.blue_bits);
}

/// From a dark blue at the top to a lighter one at the bottom.
Colour background_at(uint32_t y, uint32_t height) {
    const uint32_t part = y * 64 / height;
    return {static_cast<uint8_t>(8 + part / 4), static_cast<uint8_t>(16 + part),
            static_cast<uint8_t>(40 + part * 2)};
}

Colour colour_at(uint32_t x, uint32_t y, uint32_t width, uint32_t height) {
    if (x == 0 || y == 0 || x == width - 1 || y == height - 1) {
        return kWhite;
    }
    // The baton: half the width, a sixteenth of the height.
    const uint32_t left = width / 4;
    const uint32_t length = width / 2;
    const uint32_t thickness = height / 16;
    const uint32_t top = (height - thickness) / 2;
    if (x >= left && x - left < length && y >= top && y - top < thickness) {
        return kBaton[(x - left) * 4 / length];
    }
    return background_at(y, height);
}

} // namespace

namespace {

// A column a byte, the topmost pixel in bit 0. From stage2-stub/font.txt.
constexpr uint32_t kGlyphWidth = 5, kGlyphHeight = 7, kCellWidth = 6;
constexpr uint8_t kGlyphs[][kGlyphWidth] = {
#include "font.inc"
};

bool can_draw(const BatonFramebuffer& screen) {
    return screen.bits_per_pixel == 24 || screen.bits_per_pixel == 32;
}

/// Returns where the next pixel is.
uint8_t* put(const BatonFramebuffer& screen, uint8_t* to, uint32_t pixel) {
    for (uint32_t byte = 0; byte < screen.bits_per_pixel / 8u; ++byte) {
        *to++ = static_cast<uint8_t>(pixel);
        pixel >>= 8;
    }
    return to;
}

uint8_t* pixel_at(const BatonFramebuffer& screen, uint32_t x, uint32_t y) {
    return reinterpret_cast<uint8_t*>(screen.address + uint64_t{y} * screen.pitch_bytes +
                                      uint64_t{x} * (screen.bits_per_pixel / 8u));
}

/// Pixels of `scale` x `scale`.
void draw_glyph(const BatonFramebuffer& screen, const uint8_t* glyph, uint32_t left, uint32_t top,
                uint32_t scale) {
    for (uint32_t y = 0; y < kGlyphHeight * scale; ++y) {
        for (uint32_t x = 0; x < kGlyphWidth * scale; ++x) {
            if ((glyph[x / scale] >> (y / scale) & 1) != 0) {
                put(screen, pixel_at(screen, left + x, top + y), encode(screen, kWhite));
            }
        }
    }
}

} // namespace

bool draw_picture(const BatonFramebuffer& screen) {
    if (!can_draw(screen)) {
        return false;
    }
    for (uint32_t y = 0; y < screen.height_pixels; ++y) {
        uint8_t* to = pixel_at(screen, 0, y);
        for (uint32_t x = 0; x < screen.width_pixels; ++x) {
            to = put(screen, to,
                     encode(screen, colour_at(x, y, screen.width_pixels, screen.height_pixels)));
        }
    }
    return true;
}

void draw_text(const BatonFramebuffer& screen, std::string_view text, uint32_t row, uint32_t rows) {
    const auto columns = static_cast<uint32_t>(text.size() + 2) * kCellWidth;
    const uint32_t by_width = screen.width_pixels / columns;
    const uint32_t by_height = screen.height_pixels / (rows * (kGlyphHeight + 2));
    const uint32_t scale = by_width < by_height ? by_width : by_height;
    if (!can_draw(screen) || scale == 0) {
        return; // too small for it
    }
    uint32_t x =
        (screen.width_pixels - static_cast<uint32_t>(text.size()) * kCellWidth * scale) / 2;
    const uint32_t y = screen.height_pixels / rows * row + scale;
    for (const char character : text) {
        draw_glyph(screen, kGlyphs[character - ' '], x, y, scale);
        x += kCellWidth * scale;
    }
}

// SPDX-License-Identifier: BSD-2-Clause
//
// Draws a test picture: a vertical gradient, a baton of red, green, blue and white in its middle,
// and a white border one pixel wide, which shows a wrong size or pitch at a glance.

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

bool draw_picture(const BatonFramebuffer& screen) {
    if (screen.bits_per_pixel != 24 && screen.bits_per_pixel != 32) {
        return false;
    }
    const uint32_t pixel_bytes = screen.bits_per_pixel / 8;
    for (uint32_t y = 0; y < screen.height_pixels; ++y) {
        auto* to = reinterpret_cast<uint8_t*>(screen.address + uint64_t{y} * screen.pitch_bytes);
        for (uint32_t x = 0; x < screen.width_pixels; ++x) {
            uint32_t pixel =
                encode(screen, colour_at(x, y, screen.width_pixels, screen.height_pixels));
            for (uint32_t byte = 0; byte < pixel_bytes; ++byte) {
                *to++ = static_cast<uint8_t>(pixel);
                pixel >>= 8;
            }
        }
    }
    return true;
}

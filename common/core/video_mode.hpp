// SPDX-License-Identifier: BSD-2-Clause
//
// A framebuffer is a mode in memory: the fields that both records have.
#pragma once

#include "abi/boot_info.h"

#include <cstdint>

namespace baton {

/// `mode` in memory, `bytes` at `base`; the rest is for the boot record to fill in.
constexpr BatonFramebuffer framebuffer_in(const BatonVideoMode& mode, uint64_t base,
                                          uint64_t bytes) {
    BatonFramebuffer result{};
    result.base_physical = base;
    result.bytes = bytes;
    result.width_pixels = mode.width_pixels;
    result.height_pixels = mode.height_pixels;
    result.pitch_bytes = mode.pitch_bytes;
    result.bits_per_pixel = mode.bits_per_pixel;
    result.red_shift = mode.red_shift;
    result.red_bits = mode.red_bits;
    result.green_shift = mode.green_shift;
    result.green_bits = mode.green_bits;
    result.blue_shift = mode.blue_shift;
    result.blue_bits = mode.blue_bits;
    return result;
}

/// The linear mode of a framebuffer.
constexpr BatonVideoMode mode_of(const BatonFramebuffer& screen) {
    return {.width_pixels = screen.width_pixels,
            .height_pixels = screen.height_pixels,
            .pitch_bytes = screen.pitch_bytes,
            .bits_per_pixel = screen.bits_per_pixel,
            .red_shift = screen.red_shift,
            .red_bits = screen.red_bits,
            .green_shift = screen.green_shift,
            .green_bits = screen.green_bits,
            .blue_shift = screen.blue_shift,
            .blue_bits = screen.blue_bits,
            .linear = 1};
}

} // namespace baton

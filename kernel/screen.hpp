// SPDX-License-Identifier: BSD-2-Clause
//
// Draws a test picture and text on a framebuffer.
#pragma once

#include <baton/boot_info.h>
#include <string_view>

/// False, and nothing drawn, if a pixel has neither 24 nor 32 bits.
bool draw_picture(const BatonFramebuffer& screen);

/// Writes white text in the middle of a row, of `rows` from top to bottom. Characters are ASCII.
void draw_text(const BatonFramebuffer& screen, std::string_view text, uint32_t row, uint32_t rows);

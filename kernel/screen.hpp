// SPDX-License-Identifier: BSD-2-Clause
//
// Draws a test picture on a framebuffer.
#pragma once

#include <baton/boot_info.h>

/// False, and nothing drawn, if a pixel has neither 24 nor 32 bits.
bool draw_picture(const BatonFramebuffer& screen);

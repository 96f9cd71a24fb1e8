// SPDX-License-Identifier: BSD-2-Clause
//
// Text on a framebuffer.
#pragma once

#include "abi/handoff.h"

#include <cstdint>
#include <string_view>

namespace baton::stage2 {

/// Characters of 5 by 7 pixels in cells of 6 by 9, each pixel as large as 80 columns and 30 rows
/// allow, with a cell of margin. Longer lines are wrapped; what comes below the last row is left
/// out.
class Screen {
  public:
    /// The record's framebuffer, where `address` is mapped to it. Clears it.
    Screen(const BatonHandoff& record, uint64_t address);

    void write(std::string_view text);

  private:
    void put(char character);
    void fill(uint32_t x, uint32_t y, uint32_t width, uint32_t height, uint32_t pixel);

    const BatonHandoff& record_;
    uint64_t address_;
    uint32_t scale_;
    uint32_t end_column_; // of the cells that fit
    uint32_t end_row_;
    uint32_t column_;
    uint32_t row_;
};

} // namespace baton::stage2

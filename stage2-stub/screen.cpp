// SPDX-License-Identifier: BSD-2-Clause
#include "stage2-stub/screen.hpp"

#include "cpu/instructions.hpp"

#include <algorithm>
#include <iterator>

namespace baton::stage2 {
namespace {

constexpr uint32_t kGlyphWidth = 5, kGlyphHeight = 7;
constexpr uint32_t kCellWidth = 6, kCellHeight = 9;
constexpr uint32_t kColumns = 80, kRows = 30;
constexpr uint32_t kMargin = 1; // cells

// A column a byte, the topmost pixel in bit 0. From font.txt.
constexpr uint8_t kGlyphs[][kGlyphWidth] = {
#include "font.inc"
};
constexpr char kFirst = ' ', kLast = '~';
static_assert(std::size(kGlyphs) == kLast - kFirst + 1);

} // namespace

Screen::Screen(const BatonHandoff& record, uint64_t address)
    : record_(record),
      address_(address),
      scale_(std::max(1u,
                      std::min(record.framebuffer_width / (kCellWidth * (kColumns + 2 * kMargin)),
                               record.framebuffer_height / (kCellHeight * (kRows + 2 * kMargin))))),
      end_column_(record.framebuffer_width / (kCellWidth * scale_)),
      end_row_(record.framebuffer_height / (kCellHeight * scale_)),
      column_(kMargin),
      row_(kMargin) {
    fill(0, 0, record.framebuffer_width, record.framebuffer_height, record.framebuffer_background);
}

void Screen::write(std::string_view text) {
    for (const char character : text)
        put(character);
}

void Screen::put(char character) {
    if (character == '\n' || column_ + kMargin >= end_column_) {
        column_ = kMargin;
        ++row_;
    }
    if (character < kFirst || character > kLast || column_ >= end_column_ || row_ >= end_row_)
        return;
    const auto& glyph = kGlyphs[character - kFirst];
    for (uint32_t x = 0; x < kGlyphWidth; ++x)
        for (uint32_t y = 0; y < kGlyphHeight; ++y)
            if ((glyph[x] >> y & 1) != 0)
                fill((column_ * kCellWidth + x) * scale_, (row_ * kCellHeight + 1 + y) * scale_,
                     scale_, scale_, record_.framebuffer_foreground);
    ++column_;
}

void Screen::fill(uint32_t x, uint32_t y, uint32_t width, uint32_t height, uint32_t pixel) {
    const uint32_t pixel_bytes = record_.framebuffer_pixel_bytes;
    for (uint32_t row = y; row < y + height; ++row) {
        const uint64_t to =
            address_ + uint64_t{row} * record_.framebuffer_pitch_bytes + uint64_t{x} * pixel_bytes;
        if (pixel_bytes == sizeof pixel) {
            cpu::fill_words(to, width, pixel);
            continue;
        }
        for (uint64_t byte = 0; byte < uint64_t{width} * pixel_bytes; ++byte)
            reinterpret_cast<volatile uint8_t*>(to)[byte] =
                static_cast<uint8_t>(pixel >> 8 * (byte % pixel_bytes));
    }
}

} // namespace baton::stage2

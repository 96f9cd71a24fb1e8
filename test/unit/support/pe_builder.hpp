// SPDX-License-Identifier: BSD-2-Clause
//
// Makes PE images with sections, as files or as they lie in memory: as far as bundles are read.
#pragma once

#include "bundle/bundle.hpp"
#include "support/bytes.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace baton::test {

/// As in the section table; zeroes are filled in.
struct PeSection {
    std::string name;
    std::string content;
    uint32_t address = 0, bytes = 0, file_bytes = 0, file_offset = 0;
};

class PeBuilder {
  public:
    static constexpr uint32_t kFirst = 0x1000; // the first section's address
    static constexpr uint32_t kOptionalBytes = 240, kPeAt = 0x80,
                              kTableAt = kPeAt + 24 + kOptionalBytes;

    std::vector<PeSection> sections = {{.name = ".text", .content = "code"}};

    PeBuilder& add(std::string_view name, std::string_view content) {
        sections.push_back({.name = std::string(name), .content = std::string(content)});
        return *this;
    }

    /// All sections have places; a test may spoil them afterwards.
    void place() {
        uint32_t address = kFirst, offset = 0x400;
        for (PeSection& section : sections) {
            const auto bytes = static_cast<uint32_t>(section.content.size());
            const uint32_t padded = (bytes + 0x1ff) / 0x200 * 0x200;
            section.address = address;
            section.bytes = bytes;
            section.file_bytes = padded;
            section.file_offset = offset;
            address += std::max((bytes + 0xfff) / 0x1000, 1U) * 0x1000;
            offset += padded;
        }
    }

    /// As it lies in a file or in memory; ends with the last section's last byte.
    Buffer make(Bundle::Form form) const {
        Buffer image(kTableAt + 40 * sections.size());
        const auto put = [&](std::size_t at, const auto& value) {
            std::memcpy(image.data() + at, &value, sizeof value);
        };
        put(0, uint16_t{0x5a4d});
        put(0x3c, kPeAt);
        put(kPeAt, uint32_t{0x4550});
        put(kPeAt + 6, static_cast<uint16_t>(sections.size()));
        put(kPeAt + 20, static_cast<uint16_t>(kOptionalBytes));
        std::size_t at = kTableAt;
        for (const PeSection& section : sections) {
            std::copy_n(section.name.c_str(), std::min<std::size_t>(section.name.size(), 8),
                        reinterpret_cast<char*>(image.data() + at));
            put(at + 8, section.bytes);
            put(at + 12, section.address);
            put(at + 16, section.file_bytes);
            put(at + 20, section.file_offset);
            at += 40;
        }
        for (const PeSection& section : sections) {
            const std::size_t start =
                form == Bundle::Form::file ? section.file_offset : section.address;
            const auto content = std::as_bytes(std::span(section.content));
            image.resize(std::max(image.size(), start + content.size()));
            std::ranges::copy(content, image.begin() + static_cast<std::ptrdiff_t>(start));
        }
        return image;
    }
};

} // namespace baton::test

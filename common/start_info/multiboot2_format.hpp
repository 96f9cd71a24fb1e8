// SPDX-License-Identifier: BSD-2-Clause
//
// The boot information of Multiboot2, which stage 1 reads where a Multiboot2 loader starts it, and
// writes for kernels: Multiboot2 Specification 2.0, section 3.6.
#pragma once

#include "memory/e820.hpp"

#include <cstddef>
#include <cstdint>

namespace baton {

/// EAX at the entry: section 3.3.
inline constexpr uint32_t kMultiboot2Magic = 0x36d7'6289;

namespace multiboot2 {

enum TagType : uint32_t {
    kEndTag = 0,
    kCommandLineTag = 1,
    kLoaderNameTag = 2,
    kModuleTag = 3,
    kBasicMemoryTag = 4,
    kBiosDeviceTag = 5,
    kMemoryMapTag = 6,
    kVbeTag = 7,
    kFramebufferTag = 8,
    kElfSectionsTag = 9,
    kApmTag = 10,
    kEfi32SystemTableTag = 11,
    kEfi64SystemTableTag = 12,
    kSmbiosTag = 13,
    kAcpiOldTag = 14,
    kAcpiNewTag = 15,
    kNetworkTag = 16,
    kEfiMemoryMapTag = 17,
    kEfiBootServicesTag = 18,
    kEfi32ImageTag = 19,
    kEfi64ImageTag = 20,
    kLoadBaseTag = 21,
};
inline constexpr uint32_t kTagTypes = kLoadBaseTag + 1;
inline constexpr uint64_t kTagAlignment = 8;

struct TagHeader {
    uint32_t type;
    uint32_t bytes; // of the whole tag; the next one begins at a multiple of 8
};

struct ModuleTag {
    TagHeader header;
    uint32_t start, end;
};
struct BasicMemoryTag {
    TagHeader header;
    uint32_t lower_kib, upper_kib;
};
/// Of E820Entry, and of EFI's descriptors alike.
struct MapTag {
    TagHeader header;
    uint32_t entry_bytes, version;
};
struct FramebufferTag {
    TagHeader header;
    uint64_t address;
    uint32_t pitch, width, height;
    uint8_t bits_per_pixel, type;
    uint16_t reserved;
    uint8_t red_shift, red_bits, green_shift, green_bits, blue_shift, blue_bits;
    uint16_t padding;
};
inline constexpr uint64_t kFramebufferTagBytes = 38; // without the padding
inline constexpr uint8_t kDirectColour = 1;
struct EfiTableTag {
    TagHeader header;
    uint64_t address;
};

} // namespace multiboot2
} // namespace baton

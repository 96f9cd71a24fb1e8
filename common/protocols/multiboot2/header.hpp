// SPDX-License-Identifier: BSD-2-Clause
//
// The header by which a kernel says that it speaks Multiboot2: Multiboot2 Specification 2.0,
// section 3.1.
#pragma once

#include "core/bytes.hpp"
#include "protocols/multiboot/image.hpp"

#include <cstdint>
#include <optional>

namespace baton::multiboot2 {

/// Where it is searched.
inline constexpr uint64_t kHeaderWithin = 32768;

struct Header {
    multiboot::Image image{};
    bool keeps_firmware = false;       // is called with boot services where there are any
    std::optional<uint32_t> efi_entry; // then, instead of the other one
    bool console_required = false;
    bool prefers_text = false;
    uint32_t width = 0, height = 0; // in pixels; 0: no preference
    uint32_t information = 0;       // bit n: the tag n is requested
    std::optional<Relocatable> relocatable;
};

/// The header in `head`, the first bytes of a file; nothing where there is none. Errors:
/// multiboot_header_malformed, multiboot_tag_unknown, multiboot_information_unknown.
Result<std::optional<Header>> find_header(Bytes head);

} // namespace baton::multiboot2

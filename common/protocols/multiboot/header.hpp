// SPDX-License-Identifier: BSD-2-Clause
//
// The header by which a kernel says that it speaks Multiboot1: Multiboot Specification 0.6.96,
// section 3.1.
#pragma once

#include "core/bytes.hpp"
#include "protocols/multiboot/image.hpp"

#include <cstdint>
#include <optional>

namespace baton::multiboot {

/// Where it is searched.
inline constexpr uint64_t kHeaderWithin = 8192;

struct Header {
    Image image{};
    bool wants_video = false; // information about the video mode, and the mode below
    bool prefers_text = false;
    uint32_t width = 0, height = 0; // 0: no preference
};

/// The header in `head`, the first bytes of a file; nothing where there is none. Errors:
/// multiboot_header_malformed, multiboot_flags_unknown.
Result<std::optional<Header>> find_header(Bytes head);

} // namespace baton::multiboot

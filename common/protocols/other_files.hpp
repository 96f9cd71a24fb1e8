// SPDX-License-Identifier: BSD-2-Clause
//
// What a file is that isn't for an ELF loader.
#pragma once

#include "core/bytes.hpp"

#include <cstdint>

namespace baton {

/// The Linux/x86 Boot Protocol: boot_flag and header. A vmlinux is an ELF file.
bool is_linux_image(Bytes head);
/// Where such a file has the protocol's version, uint16_t: major, then minor in the lower byte.
inline constexpr uint64_t kLinuxBootProtocolVersion = 0x206;

/// PE format, "MS-DOS Stub": the offset of the signature.
bool is_efi_program(Bytes head);

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// The ways to start Baton in a machine that QEMU emulates (BatonBootPath), by name.
#pragma once

#include "tools/baton/boot_image.hpp"
#include "tools/baton/files.hpp"
#include "tools/baton/process.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace baton::tool {

inline constexpr const char* kBootPaths = "uefi|pvh|microvm|multiboot2|multiboot2-bios|linux";

/// QEMU's arguments for the machine and what it boots, with files in `scratch`. Throws a Failure.
Words boot_arguments(std::string_view path, const BootFiles& files,
                     const ScratchDirectory& scratch);

} // namespace baton::tool

// SPDX-License-Identifier: BSD-2-Clause
//
// The ways to start Baton in a machine that QEMU plays (BatonBootPath), by name.
#pragma once

#include "tools/baton/boot_image.hpp"
#include "tools/baton/files.hpp"
#include "tools/baton/process.hpp"

#include <algorithm>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

namespace baton::tool {

inline constexpr const char* kBootPaths = "uefi|pvh|microvm|multiboot2|multiboot2-bios|linux";

/// Whether it is one of kBootPaths.
inline bool is_boot_path(std::string_view name) {
    return std::ranges::any_of(std::views::split(std::string_view(kBootPaths), '|'),
                               [&](auto part) { return std::string_view(part) == name; });
}

/// QEMU's arguments for the machine and what it boots, with files in `scratch`. Throws a Failure.
Words boot_arguments(std::string_view path, const BootFiles& files,
                     const ScratchDirectory& scratch);

} // namespace baton::tool

// SPDX-License-Identifier: BSD-2-Clause
//
// Disks that boot a kernel.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace baton::tool {

struct Module {
    std::filesystem::path file;
    std::string string; // which the kernel finds beside it
};

/// Of a boot entry: docs/boot-protocol.md.
struct Setting {
    std::string key, value;
};

/// What is booted, and how.
struct BootFiles {
    std::filesystem::path kernel;
    std::vector<Module> modules;
    std::vector<std::string> command_line; // joined by blanks
    std::string title;
    std::vector<Setting> settings;
};

enum class Medium {
    disk, // GUID partition table with an EFI system partition
    iso,  // the same partition, started from a CD or DVD by El Torito, or from a USB stick
};

/// Makes an image of it. There is either all of `image` or nothing. Throws a Failure.
void make_boot_image(const BootFiles& files, Medium medium, const std::filesystem::path& image);

/// Makes a disk without partitions on which firmware finds `application`. Throws a Failure.
void make_volume_image(const std::filesystem::path& application,
                       const std::filesystem::path& image);

} // namespace baton::tool

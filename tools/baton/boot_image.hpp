// SPDX-License-Identifier: BSD-2-Clause
//
// Disks that boot a kernel.
#pragma once

#include "tools/baton/files.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace baton::tool {

struct Module {
    std::filesystem::path file;
    std::string name;         // of the file as it was given
    std::string string;       // which the kernel finds beside it; without blanks around it
    bool is_verbatim = false; // is not decompressed
    std::string path = {};    // in a bundle, with slashes; empty: of the tool's choice
};

/// Of a boot entry: docs/boot-protocol.md.
struct Setting {
    std::string key, value;
};

/// What is booted, and how.
struct BootFiles {
    std::filesystem::path kernel;
    std::vector<Module> modules;
    std::string command_line; // without blanks around it
    std::string title;
    std::vector<Setting> settings;

    /// Adds a setting, unless there is one of this key.
    void set_default(const std::string& key, const std::string& value);
};

enum class Medium {
    disk, // GUID partition table with an EFI system partition
    iso,  // the same partition, started from a CD or DVD by El Torito, or from a USB stick
};

struct ImageOptions {
    Medium medium = Medium::disk;
    unsigned sector_bytes =
        0; // of the disk that it is for; 0: the disk's that it is written to, or 512
};

/// Makes an image of it: all of it, or none. `path` is that of an OutputFile. Throws a Failure.
void make_boot_image(const BootFiles& files, const ImageOptions& options,
                     const std::filesystem::path& path);

/// Makes an image with a bundle as the loader, and nothing else, in the same way.
void make_bundle_image(const std::filesystem::path& bundle, const ImageOptions& options,
                       const std::filesystem::path& path);

/// Makes a disk without partitions on which firmware finds `application`. Throws a Failure.
void make_volume_image(const std::filesystem::path& application, const ScratchDirectory& scratch,
                       const std::filesystem::path& image);

} // namespace baton::tool

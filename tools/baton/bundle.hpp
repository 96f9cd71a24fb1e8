// SPDX-License-Identifier: BSD-2-Clause
//
// Bundles: the loader, boot entries and files in one PE file, which can be signed as a whole, and
// containers: one file in a PE file of its own. Their sections: common/bundle/bundle.hpp.
#pragma once

#include "tools/baton/boot_image.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace baton::tool {

struct BundleOptions {
    std::vector<std::filesystem::path> entries; // texts; none: one is made
    std::filesystem::path osrel;                // empty: none
    std::vector<std::string> sbat;              // a line, or a file with lines
    std::filesystem::path key, certificate;     // PEM; empty: isn't signed
    std::string signing_time;                   // seconds since 1970; empty: now
    bool container = false;
    // --show
    std::filesystem::path shown;
};

/// Makes a bundle of it: all of it, or none. `path` is that of an OutputFile. Throws a Failure.
void make_bundle(const BootFiles& files, const BundleOptions& options,
                 const std::filesystem::path& path);

/// Makes a container of a file, in the same way.
void make_container(const std::filesystem::path& file, const BundleOptions& options,
                    const std::filesystem::path& path);

/// Prints what is in a bundle or container. Throws a Failure that says what is wrong with it.
void show_bundle(const std::filesystem::path& file, bool as_json);

} // namespace baton::tool

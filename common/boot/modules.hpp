// SPDX-License-Identifier: BSD-2-Clause
//
// The modules of the boot entry, and those that the kernel requests.
#pragma once

#include "boot/services.hpp"
#include "config/boot_entry.hpp"
#include "protocols/facts.hpp"

#include <span>
#include <string_view>

namespace baton {

/// A module's file, which is open.
struct ModuleFile {
    FileSource* file;
    std::string_view path;
    std::string_view string;
    bool is_compressed = false; // whatever its name
    bool is_verbatim = false;   // is not decompressed, whatever its name
};

/// Opens all files: those of the entry, then those that the kernel requests, or the other way
/// round, before anything large is read: a module that isn't there shall not cost the
/// time for that. One that the kernel requests and doesn't require may be missing, with a warning.
/// Errors: of Platform::open_module(), and of paths.
Result<std::span<const ModuleFile>> find_modules(const Services& with, const BootEntry& entry,
                                                 const Requests& requests);

/// Gets each into frames of its own, where `requests` have them: its bytes, then zeroes to the
/// end of the page. One of 0 bytes has a page of zeroes. A file that is compressed, by its name, is
/// decompressed, unless it is verbatim. Errors, about the module's path: file_*, compression_*,
/// compressed_data_damaged, out_of_memory.
Result<std::span<const Module>>
load_modules(const Services& with, std::span<const ModuleFile> files, const Requests& requests);

} // namespace baton

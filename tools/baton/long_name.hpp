// SPDX-License-Identifier: BSD-2-Clause
//
// Names on FAT volumes that aren't ASCII. mtools 4.0.43 and later write "a" for "ä", and the name
// that firmware finds is another one: so a file gets an ASCII name of the same length first.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace baton::tool {

/// Under which a file is to be copied that shall be called `name`, UTF-8 without characters beyond
/// the first 65,536; `name` itself where it is ASCII.
std::string name_to_copy(std::string_view name);

/// Gives its name to the only file of a directory, which has been copied under name_to_copy(name).
/// The volume begins at `offset` in the image; `clusters` are the directory's, in order. Throws
/// Failure.
void write_long_name(const std::filesystem::path& image, uint64_t offset,
                     std::span<const uint32_t> clusters, std::string_view name);

} // namespace baton::tool

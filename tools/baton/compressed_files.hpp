// SPDX-License-Identifier: BSD-2-Clause
//
// Kernels and modules that zstd and LZ4 make smaller.
#pragma once

#include "tools/baton/boot_image.hpp"
#include "tools/baton/files.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace baton::tool {

inline constexpr std::string_view kCompressions = "auto|zstd|lz4";

struct CompressionOptions {
    std::string compression;            // one of kCompressions; empty: none
    unsigned disk_mib_per_second = 200; // what "auto" assumes
};

/// Compresses what the loader reads, file by file; says on the standard error what came out.
/// "auto" takes what is in memory first, by the sizes and the speeds of the disk and the decoders:
/// this may be the file as it is. The files are in `scratch`. Throws a Failure.
void compress(BootFiles& files, const CompressionOptions& options, const ScratchDirectory& scratch);

/// `file`, or what it holds if it is compressed, as a file in `scratch`. Throws a Failure.
std::filesystem::path decompressed(const std::filesystem::path& file,
                                   const ScratchDirectory& scratch);

} // namespace baton::tool

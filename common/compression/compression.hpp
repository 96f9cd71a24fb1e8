// SPDX-License-Identifier: BSD-2-Clause
//
// Files that zstd (RFC 8878) or LZ4 (its frame format, 1.6) has compressed, whole in memory.
// Several frames, one after the other, are one content, as for the command line tools. Files that
// need a dictionary are not supported.
#pragma once

#include "core/arena.hpp"
#include "core/bytes.hpp"
#include "core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace baton {

enum class Compression { none, zstd, lz4 };

/// By the magic number that a file begins with.
Compression compression_of(Bytes file);

/// "zstd", "LZ4", "not compressed".
std::string_view name_of(Compression compression);

/// `path` without ".zst" or ".lz4" at its end. Where it has neither, all of it.
std::string_view without_compression_suffix(std::string_view path);

struct ContentSize {
    uint64_t bytes;
    bool exact; // otherwise it is at most that
};

/// Takes files apart.
class Decompressor {
  public:
    /// What its decoder needs comes from `arena`. `compression` isn't none. Errors: those of
    /// available(), out_of_memory.
    static Result<Decompressor> create(Compression compression, Arena& arena);

    /// Whether its decoder was built. Errors: built_without_zstd, built_without_lz4.
    static Result<void> available(Compression compression);
    Compression compression() const { return compression_; }

    /// What the headers of a file's frames and blocks say. Error: compressed_data_damaged.
    Result<ContentSize> content_size(Bytes file) const;

    /// Returns the number of bytes, of which there must not be more than `into` has.
    /// Error: compressed_data_damaged; then `into` holds anything.
    Result<uint64_t> decompress(Bytes file, std::span<std::byte> into) const;

  private:
    Decompressor(Compression compression, std::span<std::byte> workspace)
        : compression_(compression),
          workspace_(workspace) {}

    Compression compression_;
    std::span<std::byte> workspace_; // aligned to 8 bytes
};

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// A compressed file, as the file that it was.
#pragma once

#include "compression/compression.hpp"
#include "loading/file_source.hpp"
#include "memory/block.hpp"

namespace baton {

class DecompressedFile final : public FileSource {
  public:
    /// Reads all of `file`, which isn't used any more then. `frames` are referred to.
    /// Errors: file_empty for a file of 0 bytes, compression_unknown, built_without_*,
    /// compressed_data_damaged, file_*, out_of_memory.
    static Result<DecompressedFile> open(FileSource& file, FrameSource& frames);

    Compression compression() const { return decompressor_.compression(); }
    uint64_t compressed_bytes() const { return compressed_.size(); }

    Result<uint64_t> size() override { return size_; }
    /// All of it is decompressed straight into `into`. For a part of it, the content gets into
    /// frames of its own, once. Errors: compressed_data_damaged, out_of_memory.
    Result<void> read(uint64_t offset, std::span<std::byte> into) override;

  private:
    DecompressedFile(FrameSource& frames, Bytes compressed, const Decompressor& decompressor)
        : frames_(&frames),
          compressed_(compressed),
          decompressor_(decompressor) {}

    Result<void> decompress();

    FrameSource* frames_;
    Bytes compressed_;
    Decompressor decompressor_;
    uint64_t size_ = 0;
    Bytes content_;
    bool is_decompressed_ = false; // `content_` is there
};

} // namespace baton

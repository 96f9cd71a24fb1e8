// SPDX-License-Identifier: BSD-2-Clause
//
// What the frames of zstd and LZ4 have in common: a header, blocks, and a checksum of the content.
// They are decoded in place: what is decompressed already is the window that blocks refer to.
#pragma once

#include "compression/compression.hpp"

namespace baton {

/// A file's frames, one after the other. A format derives from it. Damage of the file is
/// compressed_data_damaged, with a number that the format's library has for it.
class Frames {
  public:
    /// All of them. Returns how many bytes `into` has then.
    Result<uint64_t> decompress(std::span<std::byte> into);
    /// The sum of what the frames say, or else of what their blocks have at most.
    Result<ContentSize> measure();

  protected:
    struct Format {
        uint32_t magic;
        uint8_t cut_short, unknown_magic, wrong_size, wrong_checksum, too_large; // library's errors
    };
    struct Header {
        uint64_t content_bytes = kNotSaid;
        uint64_t block_bytes = 0; // decompressed, at most
        bool has_content_checksum = false;
        bool has_block_checksums = false;
        bool has_independent_blocks = false;
    };
    static constexpr uint64_t kNotSaid = ~uint64_t{0};
    enum class Coding : uint8_t { stored, repeated, compressed }; // repeated: a byte
    struct Block {
        Bytes bytes;
        uint64_t most; // decompressed; unless `coding` is compressed, exactly
        Coding coding;
        bool is_last;
    };

    Frames(Bytes file, const Format& format) : format_(format), file_(file), left_(file) {}
    ~Frames() = default;

    /// What comes after the magic number: into header_.
    virtual Result<void> take_header() = 0;
    virtual Result<void> take_block(Block& block) = 0;
    /// A compressed block, to output().
    virtual Result<uint64_t> decode(Bytes block) = 0;
    virtual uint32_t checksum_of(Bytes bytes) const = 0;

    std::unexpected<Error> damaged(uint64_t code) const;
    Result<Bytes> take(uint64_t bytes);
    /// Of at most 8 bytes, little endian.
    Result<uint64_t> take_number(std::size_t bytes);
    /// That of `bytes`, unless they are only measured.
    Result<void> take_checksum(Bytes bytes);

    /// Where the next block goes, and all that is free after it.
    std::span<std::byte> output() const { return into_.subspan(used_); }
    /// What the frame has decompressed.
    Bytes frame_output() const { return into_.subspan(frame_start_, used_ - frame_start_); }
    Bytes left() const { return left_; }
    bool is_measuring() const { return is_measuring_; }

    Header header_;

  private:
    Result<uint64_t> take_frames();
    Result<uint64_t> take_frame();
    Result<uint64_t> decompress_block(const Block& block);

    Format format_;
    Bytes file_;
    Bytes left_;
    std::span<std::byte> into_;
    uint64_t used_ = 0;        // of it
    uint64_t frame_start_ = 0; // in it
    bool is_measuring_ = false;
    bool is_exact_ = true; // all frames so far say what they have
};

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// Frames of LZ4 ("LZ4 Frame Format Description", 1.6.4) decoded in place, without the buffers that
// upstream's decoder of frames needs. Their blocks and checksums are upstream's.
#define LZ4F_STATIC_LINKING_ONLY // for its numbers of errors
#define XXH_NAMESPACE LZ4_
#include "compression/decoders.hpp"

#include <algorithm>
#include <lz4.h>
#include <lz4frame.h>
#include <xxhash.h>

namespace baton::lz4 {
namespace {

/// "Frame Descriptor".
struct Header {
    uint64_t block_bytes;       // decompressed, at most
    uint64_t content_bytes = 0; // 0: it doesn't say
    bool has_independent_blocks;
    bool has_block_checksums;
    bool has_content_checksum;
};

class Decoder {
  public:
    explicit Decoder(Bytes file) : file_(file), left_(file) {}

    /// Decompresses all frames.
    Result<uint64_t> decompress(std::span<std::byte> into) {
        into_ = into;
        while (!left_.empty())
            TRY(take_frame());
        return used_;
    }

    /// The sum of what the frames say, or else of what their blocks have at most.
    Result<ContentSize> measure() {
        is_measuring_ = true;
        ContentSize sum{.bytes = 0, .exact = true};
        while (!left_.empty()) {
            const ContentSize frame = TRY(take_frame());
            if (frame.bytes > ~uint64_t{0} - sum.bytes)
                return damaged(LZ4F_ERROR_frameSize_wrong);
            sum = {.bytes = sum.bytes + frame.bytes, .exact = sum.exact && frame.exact};
        }
        return sum;
    }

  private:
    std::unexpected<Error> damaged(uint64_t code) const {
        return fail(ErrorCode::compressed_data_damaged, {code, file_.size()});
    }

    Result<Bytes> take(uint64_t bytes) {
        if (bytes > left_.size())
            return damaged(LZ4F_ERROR_frameHeader_incomplete);
        const Bytes taken = left_.first(bytes);
        left_ = left_.subspan(bytes);
        return taken;
    }
    template<class T>
    Result<T> take() {
        const Bytes bytes = TRY(take(sizeof(T)));
        return read_at<T>(bytes, 0);
    }

    Result<ContentSize> take_frame() {
        constexpr uint32_t kSkippable = 0x184d2a50; // the first of 16
        const auto magic = TRY(take<uint32_t>());
        if ((magic & 0xfffffff0) == kSkippable) {
            const auto bytes = TRY(take<uint32_t>());
            TRY(take(bytes));
            return ContentSize{.bytes = 0, .exact = true};
        }
        if (magic != kMagic)
            return damaged(LZ4F_ERROR_frameType_unknown);
        const Header header = TRY(take_header());
        frame_start_ = used_;
        uint64_t bytes = 0;
        while (const auto word = TRY(take<uint32_t>())) // 0: "EndMark"
            bytes += TRY(take_block(word, header));
        if (header.has_content_checksum)
            TRY(take_checksum(into_.subspan(frame_start_, used_ - frame_start_),
                              LZ4F_ERROR_contentChecksum_invalid));
        if (is_measuring_ && header.content_bytes != 0)
            return ContentSize{.bytes = header.content_bytes, .exact = true};
        if (header.content_bytes != 0 && header.content_bytes != bytes)
            return damaged(LZ4F_ERROR_frameSize_wrong);
        return ContentSize{.bytes = bytes, .exact = false};
    }

    Result<Header> take_header() {
        const Bytes from_flags = left_;
        const auto flags = TRY(take<uint8_t>());
        const auto block = TRY(take<uint8_t>());
        if (flags >> 6 != 1)
            return damaged(LZ4F_ERROR_headerVersion_wrong);
        if ((flags & 0x02) != 0 || (block & 0x8f) != 0)
            return damaged(LZ4F_ERROR_reservedFlag_set);
        const unsigned size = block >> 4; // 4, 5, 6, 7: 64 KiB, 256 KiB, 1 MiB, 4 MiB
        if (size < 4)
            return damaged(LZ4F_ERROR_maxBlockSize_invalid);
        Header header{.block_bytes = uint64_t{1} << (8 + 2 * size),
                      .has_independent_blocks = (flags & 0x20) != 0,
                      .has_block_checksums = (flags & 0x10) != 0,
                      .has_content_checksum = (flags & 0x04) != 0};
        if ((flags & 0x08) != 0)
            header.content_bytes = TRY(take<uint64_t>());
        if ((flags & 0x01) != 0)
            static_cast<void>(TRY(take<uint32_t>())); // a dictionary's ID
        const std::size_t bytes = from_flags.size() - left_.size();
        if (TRY(take<uint8_t>()) != (XXH32(from_flags.data(), bytes, 0) >> 8 & 0xff))
            return damaged(LZ4F_ERROR_headerChecksum_invalid);
        return header;
    }

    /// The block that the size in `word` begins. How many bytes it has decompressed; where they are
    /// only measured, at most.
    Result<uint64_t> take_block(uint32_t word, const Header& header) {
        constexpr uint32_t kStored = 0x80000000; // not compressed
        constexpr uint64_t kHighestRatio = 255;  // a byte of a match's length adds this many
        const bool is_stored = (word & kStored) != 0;
        const Bytes block = TRY(take(word & ~kStored));
        if (block.size() > header.block_bytes)
            return damaged(LZ4F_ERROR_maxBlockSize_invalid);
        if (header.has_block_checksums)
            TRY(take_checksum(block, LZ4F_ERROR_blockChecksum_invalid));
        if (is_measuring_)
            return std::min(header.block_bytes, block.size() * (is_stored ? 1 : kHighestRatio));
        const uint64_t bytes = is_stored ? TRY(copy(block)) : TRY(decode(block, header));
        used_ += bytes;
        return bytes;
    }

    Result<uint64_t> copy(Bytes block) const {
        if (block.size() > into_.size() - used_)
            return damaged(LZ4F_ERROR_dstMaxSize_tooSmall);
        std::ranges::copy(block, into_.data() + used_);
        return block.size();
    }

    Result<uint64_t> decode(Bytes block, const Header& header) const {
        constexpr uint64_t kHistory = uint64_t{64} << 10; // that a block can refer to
        const uint64_t history =
            header.has_independent_blocks ? 0 : std::min(used_ - frame_start_, kHistory);
        char* const to = reinterpret_cast<char*>(into_.data()) + used_;
        const uint64_t capacity = std::min(into_.size() - used_, header.block_bytes);
        const int bytes = LZ4_decompress_safe_usingDict(
            reinterpret_cast<const char*>(block.data()), to, static_cast<int>(block.size()),
            static_cast<int>(capacity), to - history, static_cast<int>(history));
        if (bytes < 0)
            return damaged(LZ4F_ERROR_decompressionFailed);
        return static_cast<uint64_t>(bytes);
    }

    /// That of `bytes`, unless they are only measured.
    Result<void> take_checksum(Bytes bytes, uint64_t error) {
        const auto checksum = TRY(take<uint32_t>());
        if (!is_measuring_ && checksum != XXH32(bytes.data(), bytes.size(), 0))
            return damaged(error);
        return {};
    }

    Bytes file_;
    Bytes left_;
    std::span<std::byte> into_;
    uint64_t used_ = 0;        // of it
    uint64_t frame_start_ = 0; // in it
    bool is_measuring_ = false;
};

} // namespace

Result<void> available() {
    return {};
}

Result<ContentSize> content_size(Bytes file) {
    return Decoder(file).measure();
}

Result<uint64_t> decompress(Bytes file, std::span<std::byte> into) {
    return Decoder(file).decompress(into);
}

} // namespace baton::lz4

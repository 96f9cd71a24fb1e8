// SPDX-License-Identifier: BSD-2-Clause
//
// Frames of LZ4 ("LZ4 Frame Format Description", 1.6.4), without the buffers that upstream's
// decoder of frames needs. Compressed blocks are decoded by upstream's library.
#define LZ4F_STATIC_LINKING_ONLY // for its numbers of errors
#include "compression/checksums.hpp"
#include "compression/decoders.hpp"
#include "compression/frames.hpp"

#include <algorithm>
#include <lz4.h>
#include <lz4frame.h>

namespace baton::lz4 {
namespace {

class Decoder final : public Frames {
  public:
    explicit Decoder(Bytes file)
        : Frames(file, {.magic = kMagic,
                        .cut_short = LZ4F_ERROR_frameHeader_incomplete,
                        .unknown_magic = LZ4F_ERROR_frameType_unknown,
                        .wrong_size = LZ4F_ERROR_frameSize_wrong,
                        .wrong_checksum = LZ4F_ERROR_contentChecksum_invalid,
                        .too_large = LZ4F_ERROR_dstMaxSize_tooSmall}) {}

  private:
    /// "Frame Descriptor".
    Result<void> take_header() override {
        const Bytes from_flags = left();
        const uint64_t flags = TRY(take_number(1));
        const uint64_t block = TRY(take_number(1));
        if (flags >> 6 != 1)
            return damaged(LZ4F_ERROR_headerVersion_wrong);
        if ((flags & 0x02) != 0 || (block & 0x8f) != 0)
            return damaged(LZ4F_ERROR_reservedFlag_set);
        const uint64_t size = block >> 4; // 4, 5, 6, 7: 64 KiB, 256 KiB, 1 MiB, 4 MiB
        if (size < 4)
            return damaged(LZ4F_ERROR_maxBlockSize_invalid);
        header_ = {.block_bytes = uint64_t{1} << (8 + 2 * size),
                   .has_content_checksum = (flags & 0x04) != 0,
                   .has_block_checksums = (flags & 0x10) != 0,
                   .has_independent_blocks = (flags & 0x20) != 0};
        if ((flags & 0x08) != 0)
            if (const uint64_t bytes = TRY(take_number(8)); bytes != 0)
                header_.content_bytes = bytes;
        if ((flags & 0x01) != 0)
            static_cast<void>(TRY(take_number(4))); // a dictionary's ID
        const std::size_t bytes = from_flags.size() - left().size();
        if (TRY(take_number(1)) != (xxh32(from_flags.first(bytes)) >> 8 & 0xff))
            return damaged(LZ4F_ERROR_headerChecksum_invalid);
        return {};
    }

    Result<void> take_block(Block& block) override {
        constexpr uint64_t kStored = 0x80000000; // not compressed
        constexpr uint64_t kHighestRatio = 255;  // a byte of a match's length adds this many
        const uint64_t word = TRY(take_number(4));
        const uint64_t size = word & ~kStored;
        if (size > header_.block_bytes)
            return damaged(LZ4F_ERROR_maxBlockSize_invalid);
        block = {.bytes = TRY(take(size)),
                 .most = size,
                 .coding = Coding::stored,
                 .is_last = word == 0}; // "EndMark"
        if ((word & kStored) == 0 && !block.is_last) {
            block.coding = Coding::compressed;
            block.most = std::min(header_.block_bytes, size * kHighestRatio);
        }
        if (header_.has_block_checksums && !block.is_last)
            TRY(take_checksum(block.bytes));
        return {};
    }

    Result<uint64_t> decode(Bytes block) override {
        constexpr uint64_t kHistory = uint64_t{64} << 10; // that a block can refer to
        const uint64_t history =
            header_.has_independent_blocks ? 0 : std::min(frame_output().size(), kHistory);
        char* const to = reinterpret_cast<char*>(output().data());
        const uint64_t capacity = std::min(output().size(), header_.block_bytes);
        const int bytes = LZ4_decompress_safe_usingDict(
            reinterpret_cast<const char*>(block.data()), to, static_cast<int>(block.size()),
            static_cast<int>(capacity), to - history, static_cast<int>(history));
        if (bytes < 0)
            return damaged(LZ4F_ERROR_decompressionFailed);
        return static_cast<uint64_t>(bytes);
    }

    uint32_t checksum_of(Bytes bytes) const override { return xxh32(bytes); }
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

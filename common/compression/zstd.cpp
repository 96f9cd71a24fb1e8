// SPDX-License-Identifier: BSD-2-Clause
//
// Frames of zstd (RFC 8878 section 3.1). Compressed blocks are decoded by upstream's library.
#define ZSTD_STATIC_LINKING_ONLY // for a context in the caller's memory, and for blocks
#define ZSTD_DISABLE_DEPRECATE_WARNINGS
#include "compression/checksums.hpp"
#include "compression/decoders.hpp"
#include "compression/frames.hpp"

#include <algorithm>
#include <zstd.h>
#include <zstd_errors.h>

namespace baton::zstd {
namespace {

class Decoder final : public Frames {
  public:
    /// `context` may be null where the file is only measured.
    Decoder(Bytes file, ZSTD_DCtx* context)
        : Frames(file, {.magic = kMagic,
                        .cut_short = ZSTD_error_srcSize_wrong,
                        .unknown_magic = ZSTD_error_prefix_unknown,
                        .wrong_size = ZSTD_error_corruption_detected,
                        .wrong_checksum = ZSTD_error_checksum_wrong,
                        .too_large = ZSTD_error_dstSize_tooSmall}),
          context_(context) {}

  private:
    /// "Frame_Header", 3.1.1.1.
    Result<void> take_header() override {
        const uint64_t descriptor = TRY(take_number(1));
        const bool is_single_segment = (descriptor & 0x20) != 0;
        if ((descriptor & 0x08) != 0) // "Reserved_bit"
            return damaged(ZSTD_error_frameParameter_unsupported);
        uint64_t window_bytes = 0;
        if (!is_single_segment) {
            const uint64_t window = TRY(take_number(1));
            const uint64_t log = 10 + (window >> 3);
            if (log > ZSTD_WINDOWLOG_MAX)
                return damaged(ZSTD_error_frameParameter_windowTooLarge);
            window_bytes = (8 + (window & 7)) << (log - 3);
        }
        if (TRY(take_number(UINT8_C(1) << (descriptor & 3) >> 1)) != 0) // "Dictionary_ID"
            return damaged(ZSTD_error_dictionary_wrong);
        const uint64_t size_flag = descriptor >> 6; // "Frame_Content_Size_Flag"
        if (size_flag != 0 || is_single_segment)
            header_.content_bytes =
                TRY(take_number(std::size_t{1} << size_flag)) + (size_flag == 1 ? 256 : 0);
        if (is_single_segment)
            window_bytes = header_.content_bytes;
        header_.block_bytes = std::min<uint64_t>(window_bytes, ZSTD_BLOCKSIZE_MAX);
        header_.has_content_checksum = (descriptor & 0x04) != 0;
        if (!is_measuring())
            ZSTD_decompressBegin(context_);
        known_bytes_ = 0;
        return {};
    }

    /// "Block_Header", 3.1.1.2.
    Result<void> take_block(Block& block) override {
        enum Type : uint8_t { raw, rle, compressed };
        const uint64_t header = TRY(take_number(3));
        const uint64_t type = header >> 1 & 3;
        const uint64_t size = header >> 3;
        if (type > compressed)
            return damaged(ZSTD_error_corruption_detected);
        block = {.bytes = TRY(take(type == rle ? 1 : size)),
                 .most = type == compressed ? header_.block_bytes : size,
                 .coding = static_cast<Coding>(type),
                 .is_last = (header & 1) != 0};
        return {};
    }

    Result<uint64_t> decode(Bytes block) override {
        const Bytes before = frame_output();
        if (before.size() != known_bytes_) // blocks that weren't compressed
            ZSTD_insertBlock(context_, before.data() + known_bytes_, before.size() - known_bytes_);
        const std::size_t bytes = ZSTD_decompressBlock(context_, output().data(), output().size(),
                                                       block.data(), block.size());
        if (ZSTD_isError(bytes) != 0)
            return damaged(ZSTD_getErrorCode(bytes));
        known_bytes_ = before.size() + bytes;
        return bytes;
    }

    uint32_t checksum_of(Bytes bytes) const override { return static_cast<uint32_t>(xxh64(bytes)); }

    ZSTD_DCtx* context_;
    uint64_t known_bytes_ = 0; // of the frame's output, to the context
};

} // namespace

Result<void> available() {
    return {};
}

uint64_t workspace_bytes() {
    return ZSTD_estimateDCtxSize();
}

Result<ContentSize> content_size(Bytes file) {
    return Decoder(file, nullptr).measure();
}

Result<uint64_t> decompress(Bytes file, std::span<std::byte> into, std::span<std::byte> workspace) {
    return Decoder(file, ZSTD_initStaticDCtx(workspace.data(), workspace.size())).decompress(into);
}

} // namespace baton::zstd

// SPDX-License-Identifier: BSD-2-Clause
#define LZ4F_STATIC_LINKING_ONLY // for the caller's memory
#include "compression/decoders.hpp"
#include "core/arena.hpp"

#include <algorithm>
#include <lz4frame.h>

namespace baton::lz4 {
namespace {

std::unexpected<Error> damaged(uint64_t code, Bytes file) {
    return fail(ErrorCode::compressed_data_damaged, {code, file.size()});
}

void* allocate(void* arena, std::size_t bytes) {
    const auto words = static_cast<Arena*>(arena)->scratch<uint64_t>((bytes + 7) / 8);
    return words ? words->data() : nullptr;
}

void release(void* /*arena*/, void* /*memory*/) {} // the arena goes as a whole

/// Decodes one frame. Needs workspace_bytes().
class Frame {
  public:
    explicit Frame(std::span<std::byte> workspace)
        : arena_(workspace),
          context_(LZ4F_createDecompressionContext_advanced({.customAlloc = allocate,
                                                             .customCalloc = nullptr,
                                                             .customFree = release,
                                                             .opaqueState = &arena_},
                                                            LZ4F_VERSION)) {}

    LZ4F_dctx* context() const { return context_; }

  private:
    Arena arena_;
    LZ4F_dctx* context_;
};

/// Takes a frame off `left`, by the sizes of its blocks ("Data Blocks" of the frame format).
Result<ContentSize> take_frame(Bytes& left, Bytes file, std::span<std::byte> workspace) {
    const Frame frame(workspace);
    LZ4F_frameInfo_t info{};
    std::size_t taken = left.size();
    const std::size_t expected = LZ4F_getFrameInfo(frame.context(), &info, left.data(), &taken);
    if (LZ4F_isError(expected) != 0)
        return damaged(LZ4F_getErrorCode(expected), file);
    left = left.subspan(taken);
    if (info.frameType == LZ4F_skippableFrame) { // the rest of its header is its size
        const uint64_t bytes = left.size() < sizeof(uint32_t)
                                   ? ~uint64_t{0}
                                   : 4 + uint64_t{read_at<uint32_t>(left, 0)};
        if (bytes > left.size())
            return damaged(LZ4F_ERROR_frameHeader_incomplete, file);
        left = left.subspan(bytes);
        return ContentSize{.bytes = 0, .exact = true};
    }

    constexpr uint32_t kStored = 0x80000000; // not compressed
    constexpr std::size_t kChecksumBytes = 4;
    constexpr uint64_t kHighestRatio = 255; // a byte of a match's length adds this many
    const uint64_t largest_block = LZ4F_getBlockSize(info.blockSizeID);
    const std::size_t behind_block = info.blockChecksumFlag != 0 ? kChecksumBytes : 0;
    const std::size_t behind_frame = info.contentChecksumFlag != 0 ? kChecksumBytes : 0;
    uint64_t most = 0;
    while (left.size() >= sizeof(uint32_t)) {
        const auto header = read_at<uint32_t>(left, 0);
        const uint64_t bytes = header & ~kStored;
        const uint64_t next = sizeof header + (header == 0 ? behind_frame : bytes + behind_block);
        if (next > left.size())
            break;
        left = left.subspan(next);
        if (header == 0)
            return info.contentSize != 0 ? ContentSize{.bytes = info.contentSize, .exact = true}
                                         : ContentSize{.bytes = most, .exact = false};
        most += std::min(largest_block, (header & kStored) != 0 ? bytes : bytes * kHighestRatio);
    }
    return damaged(LZ4F_ERROR_frameHeader_incomplete, file);
}

} // namespace

Result<void> available() {
    return {};
}

/// A context, a block in and a block out, each as large as the format allows, with 128 KiB of
/// history (LZ4F_decompress()).
uint64_t workspace_bytes() {
    constexpr uint64_t kLargestBlock = uint64_t{4} << 20;
    constexpr uint64_t kHistory = uint64_t{128} << 10;
    constexpr uint64_t kContext = uint64_t{64} << 10;
    return 2 * kLargestBlock + kHistory + kContext;
}

Result<ContentSize> content_size(Bytes file, std::span<std::byte> workspace) {
    ContentSize sum{.bytes = 0, .exact = true};
    for (Bytes left = file; !left.empty();) {
        const auto frame = take_frame(left, file, workspace);
        if (!frame)
            return frame;
        if (frame->bytes > ~uint64_t{0} - sum.bytes)
            return damaged(LZ4F_ERROR_frameSize_wrong, file);
        sum = {.bytes = sum.bytes + frame->bytes, .exact = sum.exact && frame->exact};
    }
    return sum;
}

Result<uint64_t> decompress(Bytes file, std::span<std::byte> into, std::span<std::byte> workspace) {
    LZ4F_decompressOptions_t options{};
    options.stableDst = 1; // what has been written stays, and can be copied from
    const std::size_t buffer = into.size();
    for (Bytes left = file; !left.empty();) {
        const Frame frame(workspace);
        std::size_t expected = 1; // 0: the frame is complete
        while (expected != 0) {
            std::size_t taken = left.size();
            std::size_t given = into.size();
            expected = LZ4F_decompress(frame.context(), into.data(), &given, left.data(), &taken,
                                       &options);
            if (LZ4F_isError(expected) != 0)
                return damaged(LZ4F_getErrorCode(expected), file);
            if (taken == 0 && given == 0 && expected != 0) // no more bytes, or no more space
                return damaged(left.empty() ? LZ4F_ERROR_frameHeader_incomplete
                                            : LZ4F_ERROR_dstMaxSize_tooSmall,
                               file);
            left = left.subspan(taken);
            into = into.subspan(given);
        }
    }
    return buffer - into.size();
}

} // namespace baton::lz4

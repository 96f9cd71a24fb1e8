// SPDX-License-Identifier: BSD-2-Clause
#include "compression/frames.hpp"

#include "compression/decoders.hpp"

#include <cstring>

namespace baton {

Result<uint64_t> Frames::decompress(std::span<std::byte> into) {
    into_ = into;
    return take_frames();
}

Result<ContentSize> Frames::measure() {
    is_measuring_ = true;
    const uint64_t bytes = TRY(take_frames());
    return ContentSize{.bytes = bytes, .exact = is_exact_};
}

std::unexpected<Error> Frames::damaged(uint64_t code) const {
    return fail(ErrorCode::compressed_data_damaged, {code, file_.size()});
}

Result<Bytes> Frames::take(uint64_t bytes) {
    if (bytes > left_.size())
        return damaged(format_.cut_short);
    const Bytes taken = left_.first(bytes);
    left_ = left_.subspan(bytes);
    return taken;
}

Result<uint64_t> Frames::take_number(std::size_t bytes) {
    const Bytes taken = TRY(take(bytes));
    uint64_t number = 0;
    std::memcpy(&number, taken.data(), taken.size());
    return number;
}

Result<void> Frames::take_checksum(Bytes bytes) {
    const uint64_t checksum = TRY(take_number(4));
    if (!is_measuring_ && checksum != checksum_of(bytes))
        return damaged(format_.wrong_checksum);
    return {};
}

Result<uint64_t> Frames::take_frames() {
    uint64_t sum = 0;
    while (!left_.empty()) {
        const uint64_t magic = TRY(take_number(4));
        if ((magic & kSkippableMask) == kSkippable) {
            const uint64_t bytes = TRY(take_number(4));
            TRY(take(bytes));
            continue;
        }
        if (magic != format_.magic)
            return damaged(format_.unknown_magic);
        const uint64_t bytes = TRY(take_frame());
        if (bytes > ~sum)
            return damaged(format_.wrong_size);
        sum += bytes;
    }
    return sum;
}

Result<uint64_t> Frames::take_frame() {
    header_ = {};
    frame_start_ = used_;
    TRY(take_header());
    uint64_t bytes = 0;
    Block block{};
    while (!block.is_last) {
        TRY(take_block(block));
        if (block.coding != Coding::compressed && block.most > header_.block_bytes)
            return damaged(format_.too_large);
        bytes += is_measuring_ ? block.most : TRY(decompress_block(block));
    }
    if (header_.has_content_checksum)
        TRY(take_checksum(frame_output()));
    if (header_.content_bytes == kNotSaid)
        is_exact_ = false;
    else if (is_measuring_)
        return header_.content_bytes;
    else if (header_.content_bytes != bytes)
        return damaged(format_.wrong_size);
    return bytes;
}

Result<uint64_t> Frames::decompress_block(const Block& block) {
    uint64_t bytes = block.most;
    if (block.coding == Coding::compressed)
        bytes = TRY(decode(block.bytes));
    if (bytes > output().size() || bytes > header_.block_bytes)
        return damaged(format_.too_large);
    if (block.coding == Coding::stored && bytes != 0)
        std::memcpy(output().data(), block.bytes.data(), bytes);
    if (block.coding == Coding::repeated && bytes != 0)
        std::memset(output().data(), static_cast<int>(block.bytes.front()), bytes);
    used_ += bytes;
    return bytes;
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
#include "core/arena.hpp"

namespace baton {

Result<std::byte*> Arena::take(uint64_t count, std::size_t bytes, std::size_t alignment) {
    constexpr uint64_t kMost = ~uint64_t{0};
    for (bool is_new = false;; is_new = true) {
        const auto address = reinterpret_cast<uint64_t>(memory_.data()) + used_;
        const std::size_t padding = align_up(address, alignment) - address;
        const std::size_t left = memory_.size() - used_;
        if (padding <= left && count <= (left - padding) / bytes) {
            std::byte* const first = memory_.data() + used_ + padding;
            used_ += padding + count * bytes;
            return first;
        }
        const uint64_t needed = count > kMost / bytes ? kMost : count * bytes;
        if (source_ == nullptr || is_new || needed == kMost)
            return fail(ErrorCode::out_of_memory, {needed, alignment});
        // Twice the last one, so that an arena which is cleared often loses little.
        const auto chunk = source_->chunk(std::max<uint64_t>(needed, 2 * memory_.size()));
        if (!chunk)
            return std::unexpected(chunk.error());
        memory_ = *chunk;
        used_ = 0;
    }
}

Result<std::string_view> Arena::copy(std::string_view text) {
    const auto characters = TRY(scratch<char>(text.size()));
    std::ranges::copy(text, characters.begin());
    return std::string_view(characters.data(), characters.size());
}

} // namespace baton

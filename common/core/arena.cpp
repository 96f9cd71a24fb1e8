// SPDX-License-Identifier: BSD-2-Clause
#include "core/arena.hpp"

namespace baton {

std::optional<std::byte*> Arena::take(uint64_t count, std::size_t bytes, std::size_t alignment) {
    const auto address = reinterpret_cast<uint64_t>(memory_.data()) + used_;
    const std::size_t padding = align_up(address, alignment) - address;
    const std::size_t left = memory_.size() - used_;
    if (padding > left || count > (left - padding) / bytes)
        return {};
    std::byte* const first = memory_.data() + used_ + padding;
    used_ += padding + count * bytes;
    return first;
}

Error Arena::no_room(uint64_t count, std::size_t bytes, std::size_t alignment) {
    constexpr uint64_t kMost = ~uint64_t{0};
    return Error(ErrorCode::out_of_memory,
                 {count > kMost / bytes ? kMost : count * bytes, alignment});
}

} // namespace baton

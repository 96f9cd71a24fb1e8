// SPDX-License-Identifier: BSD-2-Clause
//
// The fuzzer's bytes, cut into what a target needs.
#pragma once

#include "core/bytes.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

namespace baton::fuzz {

using Buffer = std::vector<std::byte>;

class Input {
  public:
    Input(const uint8_t* data, std::size_t size) : Input(std::as_bytes(std::span(data, size))) {}
    explicit Input(Bytes bytes) : bytes_(bytes) {}

    /// The next value; where the bytes have ended, the rest of it is zero.
    template<class T>
        requires std::is_trivially_copyable_v<T>
    T take() {
        T value{};
        const std::size_t count = std::min(bytes_.size(), sizeof value);
        if (count != 0)
            std::memcpy(&value, bytes_.data(), count);
        bytes_ = bytes_.subspan(count);
        return value;
    }
    /// The next bytes, as many as there are: in a block of just their size, so that the address
    /// sanitizer sees a read of one byte too many.
    Buffer take_bytes(std::size_t count) {
        const Bytes taken = bytes_.first(std::min(count, bytes_.size()));
        bytes_ = bytes_.subspan(taken.size());
        return {taken.begin(), taken.end()};
    }
    Buffer rest() { return take_bytes(bytes_.size()); }
    bool empty() const { return bytes_.empty(); }
    std::size_t size() const { return bytes_.size(); }

  private:
    Bytes bytes_;
};

} // namespace baton::fuzz

// SPDX-License-Identifier: BSD-2-Clause
//
// Reading records out of bytes that nobody vouches for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace baton {

using Bytes = std::span<const std::byte>;

inline Bytes bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}
inline std::string_view text_of(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Whether [offset, offset + length) lies within `size` bytes. Can't overflow.
constexpr bool fits(uint64_t offset, uint64_t length, uint64_t size) {
    return offset <= size && length <= size - offset;
}

/// A copy of the T at `offset`, whatever its alignment. The caller has checked fits().
template<class T>
    requires std::is_trivially_copyable_v<T>
T read_at(Bytes bytes, std::size_t offset) {
    T value;
    std::memcpy(&value, bytes.subspan(offset, sizeof value).data(), sizeof value);
    return value;
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// Byte buffers that end where the heap block ends, so that the address sanitizer sees a read or a
// write of one byte too many.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

namespace baton::test {

using Buffer = std::vector<std::byte>;

template<class T>
    requires std::is_trivially_copyable_v<T>
void append(Buffer& buffer, const T& value) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    buffer.insert(buffer.end(), bytes.begin(), bytes.end());
}

/// The same bytes, beginning `shift` bytes beyond an address that suits every type.
class ShiftedBytes {
  public:
    ShiftedBytes(std::span<const std::byte> bytes, std::size_t shift)
        : storage_(shift + bytes.size()),
          shift_(shift) {
        if (!bytes.empty())
            std::memcpy(storage_.data() + shift, bytes.data(), bytes.size());
    }
    std::span<const std::byte> view() const { return std::span(storage_).subspan(shift_); }

  private:
    Buffer storage_;
    std::size_t shift_;
};

} // namespace baton::test

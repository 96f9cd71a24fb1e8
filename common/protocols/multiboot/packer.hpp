// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "core/bytes.hpp"
#include "memory/block.hpp"

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace baton {

/// The bytes of an object.
template<class T>
Bytes bytes_of(const T& object) {
    return std::as_bytes(std::span(&object, 1));
}

/// Puts things one after the other into memory below 4 GiB, each at a multiple of 8, with zeroes
/// between them. Without memory it counts how much that takes: the same function fills in both.
class Packer {
  public:
    Packer() = default;
    explicit Packer(const Block& block)
        : base_(static_cast<uint32_t>(block.base.value)),
          memory_(block.bytes.data()) {}

    /// Goes on at a multiple of 8, and returns the address of that.
    uint32_t start();
    /// A copy, right after what came before.
    void append(Bytes bytes);
    /// Copies of the parts. Returns the address of the first.
    uint32_t put(std::initializer_list<Bytes> parts);
    /// A copy that ends in NUL.
    uint32_t put_text(std::string_view text) { return put({bytes_of(text), bytes_of('\0')}); }
    /// As many bytes, without contents. Returns where they are, counted from the beginning.
    uint64_t reserve(uint64_t bytes);

    uint64_t used() const { return used_; }

  private:
    uint32_t base_ = 0;
    std::byte* memory_ = nullptr;
    uint64_t used_ = 0;
};

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "core/address.hpp"

#include <array>
#include <cstddef>
#include <span>

namespace baton {

/// Ranges of memory, collected without an allocator: in ascending order, and those that touch are
/// one. Where there are more than it holds, the two with the smallest gap between them
/// become one: it then says too much, never too little.
class RangeSet {
  public:
    static constexpr std::size_t kCapacity = 128;

    void add(PhysRange range);
    std::span<const PhysRange> ranges() const { return std::span(ranges_).first(count_); }

  private:
    void join_closest();

    std::array<PhysRange, kCapacity + 1> ranges_;
    std::size_t count_ = 0;
};

} // namespace baton

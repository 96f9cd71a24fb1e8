// SPDX-License-Identifier: BSD-2-Clause
//
// The seam through which Baton gets physical memory.
#pragma once

#include "core/address.hpp"
#include "core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace baton {

/// What 32-bit code and drivers with 32-bit addresses reach lies below.
inline constexpr PhysAddr k4GiB{uint64_t{1} << 32};

/// What a block of frames is for: firmware may treat code and data apart (UEFI 2.10 section 7.2.1).
enum class FrameUse { data, code };

struct FrameRequest {
    uint64_t pages = 1;              // not 0
    uint64_t alignment = kPageBytes; // bytes, a power of two of at least a page
    uint64_t offset = 0;             // the block's base is `offset` beyond a multiple of alignment
    FrameUse use = FrameUse::data;
    std::span<const PhysRange> avoid = {}; // must not overlap these: ascending, disjoint
    PhysAddr below = {~uint64_t{0}};       // must end there or lower
    const char* origin = "";               // what it is for, as the memory map tells the kernel
};

/// Hands out physical memory in whole pages. Implementations: the firmware's allocator in a stage
/// 1, a fake in the tests.
class FrameSource {
  public:
    /// A contiguous block with unspecified contents, never at address 0. Error: out_of_memory.
    virtual Result<PhysAddr> allocate(const FrameRequest& request) = 0;

    /// Where the caller can write to allocated memory now, before the new page tables are loaded.
    virtual std::byte* access(PhysAddr address) = 0;

  protected:
    ~FrameSource() = default;
};

} // namespace baton

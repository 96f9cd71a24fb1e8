// SPDX-License-Identifier: BSD-2-Clause
//
// A frame source without a machine: what common/ does to physical memory can be watched and upset.
#pragma once

#include "memory/frame_source.hpp"
#include "support/bytes.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <vector>

namespace baton::test {

/// Hands out blocks of a physical memory that begins at a high address, where nothing can be
/// reached but through access(). A block is full of 0xA5 until it is written to.
class FakeFrames final : public FrameSource {
  public:
    static constexpr uint64_t kUnlimited = std::numeric_limits<uint64_t>::max();
    static constexpr std::byte kPoison{0xa5};
    static constexpr uint64_t kFirst = 0x000c'0ffe'e000'3000;
    static constexpr uint64_t kFirstLow = 0xc0fe'3000; // for requests that say "below"

    /// The call of allocate() with this number, counted from 0, fails, and all that follow it.
    void run_dry_at(uint64_t call) { dry_at_ = call; }
    /// Requests for a block at this address are met.
    void free_at(uint64_t physical) { free_at_.insert(physical); }
    /// Requests with an alignment above this one fail.
    void limit_alignment(uint64_t alignment) { largest_alignment_ = alignment; }

    Result<PhysAddr> allocate(const FrameRequest& request) override;
    void keep_clear(PhysRange pages) override { clear_.push_back(pages); }
    std::byte* access(PhysAddr address) override;
    PhysAddr address_of(const void* pointer) const override;

    /// Every request so far, those that failed too.
    const std::vector<FrameRequest>& requests() const { return requests_; }
    /// Every block so far, in the order of the requests.
    const std::vector<PhysRange>& blocks() const { return blocks_; }
    /// The eight bytes at `physical`, as a page walk reads them.
    uint64_t read(uint64_t physical);

  private:
    uint64_t next_ = kFirst;
    uint64_t next_low_ = kFirstLow;
    uint64_t dry_at_ = kUnlimited;
    uint64_t largest_alignment_ = kUnlimited;
    std::set<uint64_t> free_at_;
    std::vector<FrameRequest> requests_;
    std::vector<PhysRange> blocks_;
    std::vector<PhysRange> clear_;
    std::map<PhysAddr, PhysRange> by_address_;
    std::map<PhysAddr, Buffer> contents_; // of the blocks that were looked at
};

} // namespace baton::test

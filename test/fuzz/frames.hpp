// SPDX-License-Identifier: BSD-2-Clause
//
// Physical memory for fuzz targets: a small machine's, handed out from above as stage 1
// does it, or otherwise. Whatever was
// not handed out is poisoned for the address sanitizer, and so is a page on each side of a block.
#pragma once

#include "memory/frame_source.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace baton::fuzz {

class Frames final : public FrameSource {
  public:
    static constexpr uint64_t kMostBytes = uint64_t{8} << 20;
    static constexpr uint64_t kNever = ~uint64_t{0};

    struct Options {
        uint64_t dry_at = kNever; // the call of allocate() with this number, from 0 on, fails
        uint8_t from_below = 0;   // bit i: block i, i + 8, … is the lowest, not the highest
    };

    /// `memory` is whole pages, kMostBytes at the most. There is one object at a time.
    Frames(PhysRange memory, const Options& options);
    ~Frames();
    Frames(const Frames&) = delete;
    Frames& operator=(const Frames&) = delete;

    Result<PhysAddr> allocate(const FrameRequest& request) override;
    void keep_clear(PhysRange pages) override { clear_.push_back(pages); }
    std::byte* access(PhysAddr address) override;
    PhysAddr address_of(const void* pointer) const override;
    /// A block of which no byte beyond the first `bytes` may be touched.
    Result<std::span<std::byte>> allocate_bytes(uint64_t bytes, FrameRequest request = {});

    std::span<const FrameBlock> blocks() const { return blocks_; }
    /// The eight bytes at `physical`, as a page walk reads them.
    uint64_t read(uint64_t physical);

  private:
    struct Place {
        PhysAddr base;
        std::size_t range; // index of the free one
    };
    std::optional<Place> find(const FrameRequest& request) const;
    void take(PhysRange block, std::size_t from_range);

    PhysRange memory_;
    Options options_;
    uint64_t calls_ = 0;
    std::vector<PhysRange> free_;
    std::vector<FrameBlock> blocks_;
    std::vector<PhysRange> clear_;
    std::vector<bool> used_pages_;
};

} // namespace baton::fuzz

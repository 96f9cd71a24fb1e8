// SPDX-License-Identifier: BSD-2-Clause
#include "support/fake_frames.hpp"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <iterator>
#include <stdexcept>

namespace baton::test {

Result<PhysAddr> FakeFrames::allocate(const FrameRequest& request) {
    const uint64_t call = requests_.size();
    requests_.push_back(request);
    EXPECT_GT(request.pages, 0u);
    EXPECT_GE(request.alignment, kPageBytes);
    EXPECT_TRUE(is_power_of_two(request.alignment));
    const uint64_t bytes = request.pages * kPageBytes;
    if (call >= dry_at_ || request.alignment > largest_alignment_)
        return fail(ErrorCode::out_of_memory, {bytes, request.alignment});

    if (request.at) {
        const PhysRange wanted{*request.at, bytes};
        const auto overlaps = [&](const PhysRange& range) { return range.overlaps(wanted); };
        if (!free_at_.contains(request.at->value) || std::ranges::any_of(blocks_, overlaps))
            return fail(ErrorCode::out_of_memory, {bytes, request.alignment});
        blocks_.push_back(wanted);
        by_address_.emplace(wanted.base, wanted);
        return wanted.base;
    }
    const bool low = request.below.value < kFirst;
    uint64_t& next = low ? next_low_ : next_;
    PhysRange block{{align_up(next, request.alignment) + request.offset}, bytes};
    const auto is_avoided = [&](const PhysRange& range) { return block.overlaps(range); };
    while (std::ranges::any_of(request.avoid, is_avoided) ||
           std::ranges::any_of(clear_, is_avoided))
        block.base = block.base + request.alignment;
    if (block.end() > request.below)
        return fail(ErrorCode::out_of_memory, {bytes, request.alignment});
    blocks_.push_back(block);
    by_address_.emplace(block.base, block);
    next = block.end().value + kPageBytes; // two blocks never touch
    return block.base;
}

std::byte* FakeFrames::access(PhysAddr address) {
    const auto above = by_address_.upper_bound(address);
    if (above == by_address_.begin() || !std::prev(above)->second.contains(address))
        throw std::out_of_range("access() to physical memory that was not allocated");
    const PhysRange block = std::prev(above)->second;
    auto& contents = contents_[block.base];
    if (contents.empty())
        contents.assign(block.bytes, kPoison);
    return contents.data() + (address - block.base);
}

PhysAddr FakeFrames::address_of(const void* pointer) const {
    const auto* const wanted = static_cast<const std::byte*>(pointer);
    for (const auto& [base, contents] : contents_)
        if (std::less_equal()(contents.data(), wanted) &&
            std::less()(wanted, contents.data() + contents.size()))
            return base + static_cast<uint64_t>(wanted - contents.data());
    return {};
}

uint64_t FakeFrames::read(uint64_t physical) {
    uint64_t value = 0;
    std::memcpy(&value, access({physical}), sizeof value);
    return value;
}

} // namespace baton::test

// SPDX-License-Identifier: BSD-2-Clause
#include "fuzz/frames.hpp"

#include "fuzz/require.hpp"
#include "memory/free_range.hpp"
#include "memory/memory_range.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <sanitizer/asan_interface.h>

namespace baton::fuzz {
namespace {

constexpr std::byte kUnspecified{0xa5}; // contents of new blocks

/// Where the machine's memory is, poisoned but for the blocks of a living object. Arenas are
/// aligned by address: so it begins with a page.
std::byte* memory_begin() {
    alignas(kPageBytes) static std::byte memory[Frames::kMostBytes];
    static const bool poisoned = (__asan_poison_memory_region(memory, sizeof memory), true);
    static_cast<void>(poisoned);
    return memory;
}

} // namespace

Frames::Frames(PhysRange memory, const Options& options)
    : memory_(memory),
      options_(options),
      free_{memory},
      used_pages_(memory.bytes / kPageBytes) {}

Frames::~Frames() {
    for (const FrameBlock& block : blocks_)
        __asan_poison_memory_region(memory_begin() + (block.range.base - memory_.base),
                                    block.range.bytes);
}

Result<PhysAddr> Frames::allocate(const FrameRequest& request) {
    require(request.pages != 0, "a request for frames is for at least one");
    require(is_power_of_two(request.alignment) && request.alignment >= kPageBytes,
            "a request's alignment is a power of two of at least a page");
    const uint64_t bytes = request.pages * kPageBytes;
    const auto place = calls_++ == options_.dry_at ? std::nullopt : find(request);
    if (!place)
        return fail(ErrorCode::out_of_memory, {bytes, request.alignment});
    take({place->base, bytes}, place->range);
    blocks_.push_back({{place->base, bytes}, request.use, request.label()});
    return place->base;
}

std::optional<Frames::Place> Frames::find(const FrameRequest& request) const {
    const bool from_below = (options_.from_below >> blocks_.size() % 8 & 1) != 0;
    std::optional<Place> best;
    for (std::size_t i = 0; i < free_.size(); ++i) {
        const PhysRange free = free_[i];
        auto base = highest_fit(free, {kPhysicalAddressEnd}, request, clear_);
        if (!base)
            continue;
        const uint64_t bytes = request.pages * kPageBytes;
        const PhysRange lowest{
            {align_up(free.base.value - request.offset, request.alignment) + request.offset},
            bytes};
        const auto in_the_way = [&](const PhysRange& range) { return range.overlaps(lowest); };
        if (from_below && !request.at && lowest.base <= *base &&
            std::ranges::none_of(request.avoid, in_the_way) &&
            std::ranges::none_of(clear_, in_the_way))
            base = lowest.base;
        if (!best || (*base > best->base) != from_below)
            best = {*base, i};
    }
    return best;
}

/// Out of a free range, with a page on each side that nobody gets.
void Frames::take(PhysRange block, std::size_t from_range) {
    const PhysRange range = free_[from_range];
    require(block.base >= range.base && block.end() <= range.end(), "a block is in free memory");
    free_.erase(free_.begin() + static_cast<std::ptrdiff_t>(from_range));
    if (block.base - range.base > kPageBytes)
        free_.push_back({range.base, block.base - range.base - kPageBytes});
    if (range.end() - block.end() > kPageBytes)
        free_.push_back({block.end() + kPageBytes, range.end() - block.end() - kPageBytes});

    std::byte* const first = memory_begin() + (block.base - memory_.base);
    __asan_unpoison_memory_region(first, block.bytes);
    std::memset(first, static_cast<int>(kUnspecified), block.bytes);
    std::fill_n(used_pages_.begin() +
                    static_cast<std::ptrdiff_t>((block.base - memory_.base) / kPageBytes),
                block.bytes / kPageBytes, true);
}

std::byte* Frames::access(PhysAddr address) {
    require(memory_.contains(address) && used_pages_[(address - memory_.base) / kPageBytes],
            "only memory that was allocated is accessed");
    return memory_begin() + (address - memory_.base);
}

Result<std::span<std::byte>> Frames::allocate_bytes(uint64_t bytes, FrameRequest request) {
    request.pages = std::max<uint64_t>(pages_for(bytes), 1);
    const auto base = allocate(request);
    if (!base)
        return std::unexpected(base.error());
    std::byte* const first = access(*base);
    __asan_poison_memory_region(first + bytes, request.pages * kPageBytes - bytes);
    return std::span(first, bytes);
}

PhysAddr Frames::address_of(const void* pointer) const {
    return memory_.base +
           static_cast<uint64_t>(static_cast<const std::byte*>(pointer) - memory_begin());
}

uint64_t Frames::read(uint64_t physical) {
    uint64_t value = 0;
    std::memcpy(&value, access({physical}), sizeof value);
    return value;
}

} // namespace baton::fuzz

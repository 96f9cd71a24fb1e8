// SPDX-License-Identifier: BSD-2-Clause
//
// Makes a memory map of the firmware's and the loader's ranges, and finds free frames in it.
//
// The input is a request for frames, how the firmware lays its descriptors out, and the ranges. The
// map is the one that the unit tests' oracle finds, nothing in it is usable that a range forbids,
// and a free block is the highest that fits.
#include "fuzz/input.hpp"
#include "fuzz/require.hpp"
#include "memory/efi_map.hpp"
#include "memory/free_range.hpp"
#include "support/disjoint.hpp"
#include "support/normalise_oracle.hpp"
#include "tools/baton/heap_arena.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace baton::fuzz {
namespace {

#pragma pack(push, 1)
struct RequestInput {
    uint8_t pages;
    uint8_t alignment_pages; // log 2, modulo 16
    uint8_t offset_pages;
    uint8_t flags; // 1: below a limit, 2: its first ranges are to be avoided
    uint16_t limit_page;
    uint8_t descriptor_bytes; // of the firmware's map
    uint8_t firmware_ranges;  // how many of the ranges come from there
};
struct RangeInput {
    uint16_t first_page;
    uint16_t pages;
    uint8_t where; // 0: low, 1: about 2^52, 2: about 2^64, 3: at a multiple of 2^44
    uint8_t base_offset;
    uint8_t bytes_cut;
    uint8_t type;
    uint8_t firmware_type;
    uint8_t attributes_and_origin;
};
#pragma pack(pop)
static_assert(sizeof(RequestInput) == 8 && sizeof(RangeInput) == 10); // as make_seeds.py has it

constexpr std::size_t kMostRanges = 64;

uint64_t base_of(const RangeInput& typed) {
    const uint64_t offset = uint64_t{typed.first_page} * kPageBytes + typed.base_offset;
    constexpr uint64_t kHalf = uint64_t{1} << 27; // so that the end lies among the first pages
    switch (typed.where & 3) {
    case 0:
        return offset;
    case 1:
        return kPhysicalAddressEnd - kHalf + offset;
    case 2:
        return 0 - kHalf + offset % kHalf;
    default:
        return offset << 32;
    }
}

TypedRange range_of(const RangeInput& input) {
    static constexpr const char* kOrigins[] = {nullptr, nullptr, "kernel", "stack"};
    const uint64_t bytes = uint64_t{input.pages} * kPageBytes;
    const bool firmware = input.firmware_type < 128;
    return {.range = {{base_of(input)}, bytes - std::min<uint64_t>(bytes, input.bytes_cut)},
            .type = static_cast<BatonMemoryType>(1 + input.type % BATON_MEMORY_BAD),
            .firmware_type = firmware ? input.firmware_type : BATON_NO_FIRMWARE_TYPE,
            .attributes = firmware ? uint64_t{input.attributes_and_origin} >> 2 : 0,
            .origin = kOrigins[input.attributes_and_origin & 3]};
}

/// The first ranges come through a firmware's map.
std::vector<TypedRange> ranges_of(Input& input, const RequestInput& request) {
    std::vector<RangeInput> all;
    while (!input.empty() && all.size() < kMostRanges)
        all.push_back(input.take<RangeInput>());
    const std::size_t of_firmware = std::min<std::size_t>(request.firmware_ranges, all.size());
    Buffer bytes(of_firmware * request.descriptor_bytes);
    for (std::size_t i = 0; i < of_firmware && !bytes.empty(); ++i) {
        const EfiMemoryDescriptor descriptor{.type = all[i].firmware_type,
                                             .padding = 0,
                                             .physical_start = base_of(all[i]),
                                             .virtual_start = 0,
                                             .number_of_pages = all[i].pages,
                                             .attribute = uint64_t{all[i].type} << 56 |
                                                          all[i].attributes_and_origin};
        std::memcpy(bytes.data() + i * request.descriptor_bytes, &descriptor,
                    std::min<std::size_t>(sizeof descriptor, request.descriptor_bytes));
    }
    std::vector<TypedRange> ranges;
    const EfiMemoryMap map(bytes, request.descriptor_bytes);
    require(map.size() ==
                (request.descriptor_bytes < sizeof(EfiMemoryDescriptor) ? 0 : of_firmware),
            "a map has its descriptors");
    for (std::size_t i = 0; i < map.size(); ++i) {
        ranges.push_back(efi_typed_range(map[i]));
        require(ranges.back().range.end().value <= kPhysicalAddressEnd, "descriptors end at 2^52");
        require(!efi_is_cacheable(map[i]) || (map[i].attribute & kEfiMemoryWb) != 0,
                "cacheable memory says so");
    }
    for (std::size_t i = map.size(); i < all.size(); ++i)
        ranges.push_back(range_of(all[i]));
    return ranges;
}

std::vector<NormalisedRange> normalised(std::span<const TypedRange> ranges) {
    HeapArena arena;
    const auto map = normalise(
        ranges, require_good(NormaliseBuffers::create(arena, ranges.size()), "there is memory"));
    return {map.begin(), map.end()};
}

void check_map(std::span<const NormalisedRange> map, std::span<const TypedRange> ranges) {
    for (std::size_t i = 0; i < map.size(); ++i) {
        const NormalisedRange& range = map[i];
        require(range.range.base.value % kPageBytes == 0 && range.range.bytes % kPageBytes == 0 &&
                    !range.range.empty() && range.range.end().value <= kPhysicalAddressEnd,
                "a map has whole pages below 2^52");
        if (i > 0)
            require(map[i - 1].range.end() <= range.range.base, "a map is sorted and disjoint");
        if (range.type != BATON_MEMORY_USABLE)
            continue;
        for (const TypedRange& typed : ranges) {
            PhysRange whole = typed.range;
            whole.bytes = std::min(whole.bytes, 0 - whole.base.value - 1); // up to 2^64
            require(typed.type == BATON_MEMORY_USABLE || !range.range.overlaps(whole),
                    "nothing is usable that a range forbids");
        }
    }
    require(std::ranges::equal(map, test::normalise_oracle(ranges)), "a map is the oracle's");
}

bool suits(PhysRange block, PhysRange free, const FrameRequest& request) {
    return block.base >= free.base && block.end() <= free.end() && block.end() <= request.below &&
           block.base.value % request.alignment == request.offset % request.alignment &&
           std::ranges::none_of(request.avoid,
                                [&](const PhysRange& range) { return range.overlaps(block); });
}

/// Looks at every block of a free range that is not too large for that.
void check_free(PhysRange free, const FrameRequest& request) {
    const auto found = highest_fit(free, {kPhysicalAddressEnd}, request, {});
    const uint64_t bytes = request.pages * kPageBytes;
    if (found)
        require(suits({*found, bytes}, free, request), "a free block is one");
    constexpr uint64_t kMostPages = 256;
    if (free.bytes > kMostPages * kPageBytes || free.bytes < bytes)
        return;
    for (uint64_t base = free.end().value - bytes; base >= free.base.value; base -= kPageBytes) {
        if (found && base <= found->value)
            return;
        require(!suits({{base}, bytes}, free, request), "a free block is the highest that fits");
        if (base == 0)
            return;
    }
}

} // namespace
} // namespace baton::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    using namespace baton;
    using namespace baton::fuzz;
    Input input(data, size);
    const auto wanted = input.take<RequestInput>();
    const auto ranges = ranges_of(input, wanted);
    const auto map = normalised(ranges);
    check_map(map, ranges);

    std::vector<PhysRange> avoid;
    for (const TypedRange& typed : ranges)
        if ((wanted.flags & 2) != 0 && typed.type != BATON_MEMORY_USABLE &&
            typed.range.base.value < kPhysicalAddressEnd)
            avoid.push_back(typed.range);
    avoid = test::disjoint(std::move(avoid));
    FrameRequest request{.pages = uint64_t{wanted.pages} + 1,
                         .alignment = kPageBytes << (wanted.alignment_pages % 16),
                         .avoid = avoid};
    request.offset = wanted.offset_pages * kPageBytes % request.alignment;
    if ((wanted.flags & 1) != 0)
        request.below = {wanted.limit_page * kPageBytes};
    for (const NormalisedRange& range : map)
        if (range.type == BATON_MEMORY_USABLE || range.type == BATON_MEMORY_RESERVED)
            check_free(range.range, request);
    return 0;
}

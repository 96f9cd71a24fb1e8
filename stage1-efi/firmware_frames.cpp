// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/firmware_frames.hpp"

#include "memory/free_range.hpp"

#include <algorithm>
#include <optional>

namespace baton {
namespace {

constexpr uint64_t kFirstMiB = uint64_t{1} << 20;
constexpr PhysAddr kAnywhere{kPhysicalAddressEnd};
constexpr uint64_t kChunkPages = 192; // enough for a boot without modules

bool is_free(const EfiMemoryDescriptor& descriptor) {
    return descriptor.type == kEfiConventionalMemory &&
           efi_memory_type(descriptor) == BATON_MEMORY_USABLE;
}

} // namespace

FirmwareFrames::~FirmwareFrames() {
    if (kept_)
        return;
    for (const Block* block = blocks_; block != nullptr; block = block->next)
        if (block->is_own)
            firmware_.boot()->FreePages(block->base, block->pages);
    while (chunks_ != nullptr) { // the blocks were in them
        Chunk* const chunk = chunks_;
        chunks_ = chunk->next;
        firmware_.boot()->FreePages(reinterpret_cast<EFI_PHYSICAL_ADDRESS>(chunk), chunk->pages);
    }
    if (map_buffer_ != nullptr)
        firmware_.boot()->FreePool(map_buffer_);
}

PhysRange FirmwareFrames::Chunk::all() const {
    return {{reinterpret_cast<uint64_t>(this)}, pages * kPageBytes};
}

PhysRange FirmwareFrames::Chunk::left() const {
    return {all().base + used_pages * kPageBytes, (pages - used_pages) * kPageBytes};
}

/// The allocated block that `range` overlaps. The map that is known may say that it is free.
std::optional<PhysRange> FirmwareFrames::own(PhysRange range) const {
    for (const Chunk* chunk = chunks_; chunk != nullptr; chunk = chunk->next)
        if (chunk->all().overlaps(range))
            return chunk->all();
    for (const Block* block = blocks_; block != nullptr; block = block->next)
        if (const PhysRange pages{{block->base}, block->pages * kPageBytes}; pages.overlaps(range))
            return pages;
    return older_ == nullptr ? std::nullopt : older_->own(range);
}

/// What else there is in `range`, which the map says is free: one of Baton's blocks, or something
/// that the map says too: firmware contradicts itself. Nothing where it is free.
std::optional<PhysRange> FirmwareFrames::taken(const EfiMemoryMap& map, PhysRange range) const {
    for (std::size_t i = 0; i < map.size(); ++i)
        if (!is_free(map[i]) && efi_range(map[i]).overlaps(range))
            return efi_range(map[i]);
    return own(range);
}

/// The highest place for `request` below `end` in the free memory of `map`.
std::optional<PhysAddr> FirmwareFrames::find_place(const EfiMemoryMap& map, PhysAddr end,
                                                   const FrameRequest& request) const {
    std::optional<PhysAddr> best;
    for (std::size_t i = 0; i < map.size(); ++i) {
        if (!is_free(map[i]))
            continue;
        PhysRange free = efi_range(map[i]);
        const uint64_t lowest = request.below.value <= kFirstMiB ? kPageBytes : kFirstMiB;
        const uint64_t low = request.at ? free.base.value : std::max(free.base.value, lowest);
        if (free.empty() || free.end().value <= low)
            continue;
        free = {{low}, free.end().value - low};
        auto place = highest_fit(free, end, request, occupied_.ranges());
        while (place && (!best || *place > *best)) {
            const auto other = taken(map, {*place, request.pages * kPageBytes});
            if (!other) {
                best = place;
                break;
            }
            place = highest_fit(free, other->base, request, occupied_.ranges());
        }
    }
    return best;
}

Result<PhysAddr> FirmwareFrames::allocate(const FrameRequest& request) {
    constexpr uint64_t kSmallPages = kChunkPages / 4;
    const bool is_small = request.pages <= kSmallPages && request.alignment == kPageBytes &&
                          request.use != MemoryUse::stage2 && !request.at;
    const bool has_room = chunks_ != nullptr && chunks_->used_blocks < Chunk::kBlocks &&
                          (!is_small || request.pages <= chunks_->pages - chunks_->used_pages);
    if (!has_room)
        if (auto made = make_chunk(); !made)
            return std::unexpected(made.error().about(request.label()));
    const auto of_chunk = is_small ? take_of_chunk(request) : std::nullopt;
    const Result<PhysAddr> base = of_chunk ? Result<PhysAddr>(*of_chunk) : allocate_pages(request);
    if (!base)
        return base;
    Block& block = chunks_->blocks[chunks_->used_blocks++];
    block = {.base = base->value,
             .pages = request.pages,
             .label = request.label(),
             .next = blocks_,
             .use = request.use,
             .is_own = !of_chunk};
    blocks_ = &block;
    ++block_count_;
    return *base;
}

void FirmwareFrames::keep_clear(PhysRange pages) {
    occupied_.add(pages);
    if (chunks_ != nullptr && chunks_->left().overlaps(pages))
        chunks_->used_pages = chunks_->pages;
}

/// Smaller where memory is short.
Result<void> FirmwareFrames::make_chunk() {
    uint64_t pages = kChunkPages;
    auto base = allocate_pages({.pages = pages});
    while (!base && pages > 1) {
        pages /= 2;
        base = allocate_pages({.pages = pages});
    }
    if (!base)
        return std::unexpected(base.error());
    auto* const chunk = reinterpret_cast<Chunk*>(base->value);
    chunk->next = chunks_;
    chunk->pages = pages;
    chunk->used_pages = 1;
    chunk->used_blocks = 0;
    chunks_ = chunk;
    return {};
}

/// Nothing if the rest of the chunk is too small.
std::optional<PhysAddr> FirmwareFrames::take_of_chunk(const FrameRequest& request) {
    PhysRange block = chunks_->left();
    if (block.bytes < request.pages * kPageBytes)
        return {};
    block.bytes = request.pages * kPageBytes;
    const bool is_forbidden =
        block.end() > request.below ||
        std::any_of(request.avoid.begin(), request.avoid.end(),
                    [&](const PhysRange& range) { return range.overlaps(block); });
    if (is_forbidden)
        return {};
    chunks_->used_pages += request.pages;
    return block.base;
}

/// By the map that is known; where that leads to nothing, by a fresh one.
Result<PhysAddr> FirmwareFrames::allocate_pages(const FrameRequest& request) {
    constexpr unsigned kTries = 16;
    if (map_ && !request.at) {
        if (const auto base = allocate_by_map(request, 1))
            return base;
        map_.reset();
    }
    return allocate_by_map(request, kTries);
}

/// Finds the place and has the firmware mark it as allocated. EDK II refuses what reaches into the
/// ranges that it keeps for other types, though its map has it as free: then a lower place may do.
/// Each try is twice as far away.
Result<PhysAddr> FirmwareFrames::allocate_by_map(const FrameRequest& request, unsigned tries) {
    const auto map = TRY(memory_map());
    const auto type = request.use == MemoryUse::stage2 ? EfiLoaderCode : EfiLoaderData;
    for (PhysAddr end : {k4GiB, kAnywhere}) {
        for (unsigned i = 0; i < tries; ++i) {
            const auto place = find_place(map, end, request);
            EFI_PHYSICAL_ADDRESS address = place ? place->value : 0;
            if (!place)
                break;
            if (!efi::failed(firmware_.boot()->AllocatePages(AllocateAddress, type, request.pages,
                                                             &address)))
                return *place;
            const uint64_t step = kPageBytes << i;
            if (request.at || place->value < step)
                break;
            end = {place->value + request.pages * kPageBytes - step};
        }
    }
    return std::unexpected(
        Error(ErrorCode::out_of_memory, {request.pages * kPageBytes, request.alignment})
            .about(request.label()));
}

Result<EfiMemoryMap> FirmwareFrames::memory_map() {
    constexpr unsigned kTries = 8; // enlarging the buffer can make the map longer
    constexpr UINTN kFirstBytes = 6144;
    if (map_)
        return *map_;
    EFI_STATUS status = EFI_BUFFER_TOO_SMALL;
    UINTN bytes = kFirstBytes;
    for (unsigned i = 0; i < kTries && status == EFI_BUFFER_TOO_SMALL; ++i) {
        if (bytes > map_buffer_bytes_)
            TRY(grow_map_buffer(bytes));
        bytes = map_buffer_bytes_;
        UINTN key = 0, descriptor_bytes = 0;
        UINT32 version = 0;
        status =
            firmware_.boot()->GetMemoryMap(&bytes, static_cast<EFI_MEMORY_DESCRIPTOR*>(map_buffer_),
                                           &key, &descriptor_bytes, &version);
        if (status == EFI_SUCCESS)
            return map_.emplace(Bytes(static_cast<const std::byte*>(map_buffer_), bytes),
                                descriptor_bytes);
    }
    return fail(ErrorCode::memory_map_unavailable, {status, bytes});
}

uint64_t FirmwareFrames::free_bytes() {
    const auto map = memory_map();
    uint64_t bytes = 0;
    for (std::size_t i = 0; map && i < map->size(); ++i)
        if (is_free((*map)[i]))
            bytes += efi_range((*map)[i]).bytes;
    return bytes;
}

Result<void> FirmwareFrames::grow_map_buffer(UINTN bytes) {
    constexpr UINTN kSpare = 2048; // for some forty descriptors more, so that it rarely grows again
    if (map_buffer_ != nullptr)
        firmware_.boot()->FreePool(map_buffer_);
    map_buffer_ = nullptr;
    map_buffer_bytes_ = 0;
    if (efi::failed(firmware_.boot()->AllocatePool(EfiLoaderData, bytes + kSpare, &map_buffer_)))
        return fail(ErrorCode::out_of_memory, {bytes + kSpare, 1});
    map_buffer_bytes_ = bytes + kSpare;
    return {};
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/stage2_block.hpp"

#include "core/bytes.hpp"

#include <cstring>
#include <span>

extern "C" {
extern const std::byte stage2_blob[];
extern const std::byte stage2_blob_end[];
}

namespace baton {
namespace {

/// Firmware that enforces W^X maps what it allocates as not executable, even EfiLoaderCode; it then
/// has this protocol (UEFI 2.10 section 37.1). Where it is missing there is nothing to do, and
/// where it fails the memory may be executable all the same.
void protect(const efi::Firmware& firmware, PhysRange code, PhysRange data) {
    auto* const protocol = efi::locate_protocol<efi::EFI_MEMORY_ATTRIBUTE_PROTOCOL>(
        firmware, efi::EFI_MEMORY_ATTRIBUTE_PROTOCOL_GUID);
    if (protocol == nullptr)
        return;
    protocol->SetMemoryAttributes(protocol, code.base.value, code.bytes, efi::EFI_MEMORY_RO);
    protocol->ClearMemoryAttributes(protocol, code.base.value, code.bytes, EFI_MEMORY_XP);
    protocol->ClearMemoryAttributes(protocol, data.base.value, data.bytes, efi::EFI_MEMORY_RO);
    protocol->SetMemoryAttributes(protocol, data.base.value, data.bytes, EFI_MEMORY_XP);
}

} // namespace

Result<Stage2Block> Stage2Block::load(const efi::Firmware& firmware, FrameSource& frames,
                                      std::span<const PhysRange> avoid) {
    const Bytes blob(stage2_blob, stage2_blob_end);
    const auto header = read_at<BatonStage2Header>(blob, 0);
    if (header.magic != BATON_STAGE2_MAGIC || header.version_major != BATON_HANDOFF_VERSION_MAJOR ||
        header.version_minor != BATON_HANDOFF_VERSION_MINOR || header.load_bytes != blob.size() ||
        header.last_words_bytes != sizeof(BatonLastWords))
        return fail(ErrorCode::stage2_mismatch, {header.version_major, header.version_minor});
    const auto base = frames.allocate({.pages = header.memory_bytes / kPageBytes,
                                       .alignment = header.alignment,
                                       .use = FrameUse::code,
                                       .avoid = avoid,
                                       .below = {uint64_t{1} << 32},
                                       .origin = "stage 2"});
    if (!base)
        return std::unexpected(base.error());
    const std::span memory(frames.access(*base), header.memory_bytes);
    std::memset(memory.data(), 0, memory.size());
    std::memcpy(memory.data(), blob.data(), blob.size());
    const Stage2Block block(*base, header);
    protect(firmware, block.code(), block.data());
    return block;
}

void Stage2Block::call(const BatonHandoff& record) const {
    using Entry = uint32_t (*)(const BatonHandoff*);
    reinterpret_cast<Entry>(base_.value + header_.entry64_offset)(&record);
    for (;;) // it returns only from a record that it doesn't know, which load() has ruled out
        asm volatile("cli; hlt");
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/boot_memory_map.hpp"

#include "handoff/memory.hpp"
#include "memory/efi_runtime.hpp"

namespace baton {

Result<FinalMemoryMap> FinalMemoryMap::prepare(const EfiMemoryMap& known, std::size_t blocks,
                                               FrameSource& frames) {
    // Each allocation can add two descriptors, and drivers that hear of ExitBootServices can make
    // allocations of their own: twice as many and a page's worth have room.
    FinalMemoryMap map;
    map.descriptor_bytes_ = known.descriptor_bytes();
    const uint64_t most = 2 * (known.size() + 2 * blocks);
    const uint64_t bytes = (pages_for(most * map.descriptor_bytes_) + 1) * kPageBytes;
    const auto block = allocate_block(frames, 2 * bytes, {.origin = "firmware's memory map"});
    if (!block)
        return std::unexpected(block.error());
    map.buffer_ = block->bytes.first(bytes);
    map.virtual_map_ = block->bytes.subspan(bytes);
    return map;
}

Result<void> FinalMemoryMap::exit_boot_services(const efi::Firmware& firmware,
                                                MemoryListener& listener) {
    constexpr unsigned kTries = 8;
    const std::size_t most = capacity();
    EFI_STATUS status = EFI_SUCCESS;
    for (unsigned i = 0; i < kTries; ++i) {
        UINTN bytes = buffer_.size();
        UINTN key = 0;
        status = firmware.boot()->GetMemoryMap(
            &bytes, reinterpret_cast<EFI_MEMORY_DESCRIPTOR*>(buffer_.data()), &key,
            &descriptor_bytes_, &descriptor_version_);
        if (status == EFI_BUFFER_TOO_SMALL && i == 0)
            return fail(ErrorCode::memory_map_too_long,
                        {bytes / sizeof(EfiMemoryDescriptor), most});
        if (efi::failed(status) && i == 0)
            return fail(ErrorCode::memory_map_unavailable, {status, bytes});
        if (efi::failed(status))
            break;
        used_bytes_ = bytes;
        const auto known = listener.memory_is_known();
        if (!known && i == 0)
            return known;
        if (!known)
            return fail(ErrorCode::exit_boot_services_failed, {EFI_BUFFER_TOO_SMALL, i});
        status = firmware.boot()->ExitBootServices(firmware.image, key);
        if (!efi::failed(status))
            return {};
    }
    return fail(ErrorCode::exit_boot_services_failed, {status, kTries});
}

EFI_STATUS FinalMemoryMap::set_virtual_addresses(const efi::Firmware& firmware,
                                                 VirtAddr direct_map) {
    set_virtual_starts(buffer_.first(used_bytes_), descriptor_bytes_, direct_map);
    const std::size_t bytes = efi_runtime_map(map(), virtual_map_);
    return firmware.system->RuntimeServices->SetVirtualAddressMap(
        bytes, descriptor_bytes_, descriptor_version_,
        reinterpret_cast<EFI_MEMORY_DESCRIPTOR*>(virtual_map_.data()));
}

} // namespace baton

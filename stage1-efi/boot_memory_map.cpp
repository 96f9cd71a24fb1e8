// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/boot_memory_map.hpp"

#include "memory/block.hpp"
#include "memory/efi_runtime.hpp"

namespace baton {

Result<FinalMemoryMap> FinalMemoryMap::prepare(const EfiMemoryMap& known, std::size_t blocks,
                                               FrameSource& frames) {
    // Each allocation can add two descriptors, and drivers that hear of ExitBootServices can make
    // allocations of their own: twice as many and a page's worth fit.
    FinalMemoryMap map;
    map.descriptor_bytes_ = known.descriptor_bytes();
    const uint64_t most = 2 * (known.size() + 2 * blocks);
    const uint64_t bytes = (pages_for(most * map.descriptor_bytes_) + 1) * kPageBytes;
    const Block block = TRY(allocate_block(frames, 2 * bytes, {.use = MemoryUse::firmware_map}));
    map.buffer_ = block.bytes.first(bytes);
    map.virtual_map_ = block.bytes.subspan(bytes);
    return map;
}

Result<void> FinalMemoryMap::read(const efi::Firmware& firmware) {
    UINTN bytes = buffer_.size();
    const EFI_STATUS status = firmware.boot()->GetMemoryMap(
        &bytes, reinterpret_cast<EFI_MEMORY_DESCRIPTOR*>(buffer_.data()), &key_, &descriptor_bytes_,
        &descriptor_version_);
    if (status == EFI_BUFFER_TOO_SMALL)
        return fail(ErrorCode::memory_map_too_long,
                    {bytes / sizeof(EfiMemoryDescriptor), capacity()});
    if (efi::failed(status))
        return fail(ErrorCode::memory_map_unavailable, {status, bytes});
    used_bytes_ = bytes;
    return {};
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

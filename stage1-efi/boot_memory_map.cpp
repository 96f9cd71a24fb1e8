// SPDX-License-Identifier: BSD-2-Clause
#include "stage1-efi/boot_memory_map.hpp"

#include <cstring>

namespace baton {

Result<FinalMemoryMap> FinalMemoryMap::prepare(const EfiMemoryMap& current, FrameSource& frames) {
    // Each allocation can add two descriptors, and drivers that hear of ExitBootServices can make
    // allocations of their own: twice as many and a page's worth have room.
    FinalMemoryMap map;
    map.descriptor_bytes_ = current.descriptor_bytes();
    const uint64_t pages = pages_for(2 * current.size() * map.descriptor_bytes_) + 1;
    const auto base = frames.allocate({.pages = pages, .origin = "firmware's memory map"});
    if (!base)
        return std::unexpected(base.error());
    map.buffer_ = {frames.access(*base), pages * kPageBytes};
    return map;
}

Result<void> FinalMemoryMap::exit_boot_services(const efi::Firmware& firmware,
                                                MemoryListener& listener) {
    constexpr unsigned kTries = 8;
    EFI_STATUS status = EFI_SUCCESS;
    for (unsigned i = 0; i < kTries; ++i) {
        UINTN bytes = buffer_.size();
        UINTN key = 0;
        status = firmware.boot()->GetMemoryMap(
            &bytes, reinterpret_cast<EFI_MEMORY_DESCRIPTOR*>(buffer_.data()), &key,
            &descriptor_bytes_, &descriptor_version_);
        if (efi::failed(status) && i == 0)
            return fail(ErrorCode::memory_map_unavailable, {status, bytes});
        if (efi::failed(status))
            break;
        used_bytes_ = bytes;
        listener.memory_is_known();
        status = firmware.boot()->ExitBootServices(firmware.image, key);
        if (!efi::failed(status))
            return {};
    }
    return fail(ErrorCode::exit_boot_services_failed, {status, kTries});
}

void FinalMemoryMap::set_virtual_start(std::size_t index, uint64_t address) {
    std::memcpy(buffer_.data() + index * descriptor_bytes_ +
                    offsetof(EfiMemoryDescriptor, virtual_start),
                &address, sizeof address);
}

} // namespace baton

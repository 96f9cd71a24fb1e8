// SPDX-License-Identifier: BSD-2-Clause
//
// The firmware's memory map at the moment that boot services go, and what Baton makes of it.
#pragma once

#include "core/address.hpp"
#include "core/error.hpp"
#include "memory/efi_map.hpp"
#include "memory/frame_source.hpp"
#include "stage1-efi/efi.hpp"

#include <span>

namespace baton {

/// A buffer for the firmware's last map, larger than the map is now: asking for it must not need
/// memory when boot services are about to go.
class FinalMemoryMap {
  public:
    /// Nothing yet: prepare() makes one that can be used.
    FinalMemoryMap() = default;

    /// `known`: a map that may be older than `blocks` allocations. Error: out_of_memory.
    static Result<FinalMemoryMap> prepare(const EfiMemoryMap& known, std::size_t blocks,
                                          FrameSource& frames);

    /// Descriptors that the buffer holds at most.
    std::size_t capacity() const { return buffer_.size() / descriptor_bytes_; }

    /// GetMemoryMap, and no other firmware call. Errors: memory_map_unavailable,
    /// memory_map_too_long.
    Result<void> read(const efi::Firmware& firmware);
    /// ExitBootServices, which accepts the last map that was read, or fails. Between the tries
    /// no firmware function may be called but read()'s (UEFI 2.10 section 7.4.6).
    EFI_STATUS exit(const efi::Firmware& firmware) const {
        return firmware.boot()->ExitBootServices(firmware.image, key_);
    }

    /// The last map, which is the one that ExitBootServices accepted.
    EfiMemoryMap map() const { return {bytes(), descriptor_bytes_}; }
    Bytes bytes() const { return Bytes(buffer_).first(used_bytes_); }
    /// SetVirtualAddressMap, once boot services are gone. The last map has the addresses of all
    /// descriptors then; the firmware gets those of runtime services alone.
    EFI_STATUS set_virtual_addresses(const efi::Firmware& firmware, VirtAddr direct_map);
    uint32_t descriptor_bytes() const { return static_cast<uint32_t>(descriptor_bytes_); }
    uint32_t descriptor_version() const { return descriptor_version_; }

  private:
    std::span<std::byte> buffer_;
    std::span<std::byte> virtual_map_; // the same size
    UINTN used_bytes_ = 0;
    UINTN key_ = 0;
    UINTN descriptor_bytes_ = 0;
    UINT32 descriptor_version_ = 0;
};

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// The firmware's memory map at the moment that boot services go, and what Baton makes of it.
#pragma once

#include "core/arena.hpp"
#include "core/error.hpp"
#include "handoff/platform.hpp"
#include "memory/efi_map.hpp"
#include "memory/frame_source.hpp"
#include "stage1-efi/efi.hpp"

#include <span>

namespace baton {

/// A buffer for the firmware's last map, with room to spare: asking for the map must not need
/// memory when boot services are about to go.
class FinalMemoryMap {
  public:
    /// Nothing yet: prepare() makes one that can be used.
    FinalMemoryMap() = default;

    /// `known`: a map that may be older than `blocks` allocations. Error: out_of_memory.
    static Result<FinalMemoryMap> prepare(const EfiMemoryMap& known, std::size_t blocks,
                                          FrameSource& frames);

    /// Descriptors that the buffer holds at the most.
    std::size_t capacity() const { return buffer_.size() / descriptor_bytes_; }

    /// ExitBootServices. Before each try `listener` is told of the map. Between the tries nothing
    /// of the firmware's is called but GetMemoryMap and it (UEFI 2.10 section 7.4.6). Errors:
    /// memory_map_unavailable, memory_map_too_long, exit_boot_services_failed; after the latter no
    /// boot service may be called any more.
    Result<void> exit_boot_services(const efi::Firmware& firmware, MemoryListener& listener);

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
    UINTN descriptor_bytes_ = 0;
    UINT32 descriptor_version_ = 0;
};

} // namespace baton

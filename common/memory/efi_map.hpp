// SPDX-License-Identifier: BSD-2-Clause
//
// Reads a UEFI memory map as bytes. It calls no firmware: a foreign loader can hand one over too.
#pragma once

#include "core/bytes.hpp"
#include "memory/memory_range.hpp"

#include <span>

namespace baton {

/// EFI_MEMORY_DESCRIPTOR, UEFI 2.10 section 7.2.3.
struct EfiMemoryDescriptor {
    uint32_t type;
    uint32_t padding;
    uint64_t physical_start;
    uint64_t virtual_start;
    uint64_t number_of_pages;
    uint64_t attribute;
};
static_assert(sizeof(EfiMemoryDescriptor) == 40);

/// EFI_MEMORY_TYPE and EFI_MEMORY_* attributes, as far as Baton needs their values.
inline constexpr uint32_t kEfiConventionalMemory = 7;
inline constexpr uint64_t kEfiMemoryWb = 0x8;
inline constexpr uint64_t kEfiMemoryRuntime = uint64_t{1} << 63;

/// A map as the firmware gave it. Descriptors lie `descriptor_bytes` apart, which may be more than
/// their structure has.
class EfiMemoryMap {
  public:
    /// `descriptor_bytes` below the size of the structure makes an empty map.
    EfiMemoryMap(Bytes bytes, uint64_t descriptor_bytes)
        : bytes_(bytes),
          descriptor_bytes_(descriptor_bytes) {}

    std::size_t size() const {
        return descriptor_bytes_ < sizeof(EfiMemoryDescriptor) ? 0
                                                               : bytes_.size() / descriptor_bytes_;
    }
    uint64_t descriptor_bytes() const { return descriptor_bytes_; }
    /// One descriptor's bytes, all of them. `index` is less than size().
    Bytes at(std::size_t index) const {
        return bytes_.subspan(index * descriptor_bytes_, descriptor_bytes_);
    }
    EfiMemoryDescriptor operator[](std::size_t index) const {
        return read_at<EfiMemoryDescriptor>(bytes_, index * descriptor_bytes_);
    }

  private:
    Bytes bytes_;
    uint64_t descriptor_bytes_;
};

/// Where a descriptor lies; cut off at 2^52, empty where it has no pages.
PhysRange efi_range(const EfiMemoryDescriptor& descriptor);

/// What the memory is once boot services are gone.
BatonMemoryType efi_memory_type(const EfiMemoryDescriptor& descriptor);

/// Both, with the descriptor's own type and attributes beside.
TypedRange efi_typed_range(const EfiMemoryDescriptor& descriptor);

/// Whether it is memory that can be cached, to be had in the direct map. Device registers are not,
/// and what is reserved isn't, whatever its attributes say they could be: a processor may read
/// ahead of what is mapped cacheable, and only its owner knows what that does.
bool efi_is_cacheable(const EfiMemoryDescriptor& descriptor);

/// Whether it is RAM that the firmware has reserved: EfiReservedMemoryType, which can be cached.
bool efi_is_reserved_ram(const EfiMemoryDescriptor& descriptor);

/// The ranges of all descriptors of which the former is so; map.size() of `ranges` are enough.
std::span<PhysRange> efi_cacheable_ranges(const EfiMemoryMap& map, std::span<PhysRange> ranges);

/// The parts of `wanted`, which are ascending and disjoint, that are in reserved RAM; as many as
/// `ranges` can hold. map.size() and wanted.size() together are enough.
std::span<PhysRange> efi_reserved_parts(const EfiMemoryMap& map, std::span<const PhysRange> wanted,
                                        std::span<PhysRange> ranges);

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// What a kernel must have mapped to call UEFI's runtime services at addresses of its own: UEFI 2.10
// sections 8.4 and 4.6.4.
#pragma once

#include "memory/efi_map.hpp"

#include <span>

namespace baton {

enum class RuntimeUse {
    code,              // of which nobody says what part of it is written to
    code_read_write,   // data of an image, by the memory attributes table
    code_read_only,    // constants, by the same
    code_read_execute, // code, by the same
    device,            // memory-mapped I/O
};

struct RuntimeRange {
    PhysRange range;
    RuntimeUse use;

    bool operator==(const RuntimeRange&) const = default;
};

/// EFI_MEMORY_ATTRIBUTES_TABLE: a header, then descriptors as in a memory map.
class MemoryAttributesTable {
  public:
    struct Header {
        uint32_t version;
        uint32_t number_of_entries;
        uint32_t descriptor_size;
        uint32_t flags;
    };
    static_assert(sizeof(Header) == 16);

    /// Bytes of the table that begins with `header`; 0: it is none.
    static uint64_t bytes(const Header& header);
    /// The descriptors in a table of bytes().
    static EfiMemoryMap descriptors(Bytes table);
};

/// The ranges of `map` that runtime services use and that are not memory like any other: code, and
/// what can't be cached. `attributes`: the memory attributes table's. `ranges` has map.size() +
/// attributes.size() entries. Ranges with a `use` by the memory attributes table count only where
/// the map has code: it is for the caller to cut off the rest.
std::span<RuntimeRange> efi_runtime_ranges(const EfiMemoryMap& map, const EfiMemoryMap& attributes,
                                           std::span<RuntimeRange> ranges);

/// Fills in each descriptor's address in a direct map.
void set_virtual_starts(std::span<std::byte> map, uint64_t descriptor_bytes, VirtAddr direct_map);

/// Copies what SetVirtualAddressMap must get: the descriptors with EFI_MEMORY_RUNTIME. `into` has
/// large enough for all of them. Returns how many bytes are used.
std::size_t efi_runtime_map(const EfiMemoryMap& map, std::span<std::byte> into);

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// Address ranges as a PC's BIOS reports them, and with it PVH, Multiboot2 and Linux (ACPI 6.5
// section 15, "System Address Map Interfaces").
#pragma once

#include "memory/memory_range.hpp"
#include "memory/normalise.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace baton {

/// Address range types: table 15.6.
inline constexpr uint32_t kE820Memory = 1;
inline constexpr uint32_t kE820Reserved = 2;
inline constexpr uint32_t kE820Acpi = 3;
inline constexpr uint32_t kE820Nvs = 4;
inline constexpr uint32_t kE820Unusable = 5;
inline constexpr uint32_t kE820Persistent = 7;

/// What may be done with a range of this type.
BatonMemoryType e820_memory_type(uint32_t type);

/// A range as reported, cut off at 2^52; empty where it begins beyond.
TypedRange e820_typed_range(uint64_t base, uint64_t bytes, uint32_t type);

/// An entry of the tables that PVH and Multiboot2 have of them.
struct E820Entry {
    uint64_t base;
    uint64_t bytes;
    uint32_t type;
    uint32_t reserved; // 0
};
static_assert(sizeof(E820Entry) == 24);

/// Writes a map in these types, for kernels to which all of the loader's memory is just memory:
/// ranges that touch and are of one type are one. `entries` is as long as the map or longer.
/// Returns the part of it that was filled in.
std::span<E820Entry> write_e820(std::span<const NormalisedRange> map, std::span<E820Entry> entries);

} // namespace baton

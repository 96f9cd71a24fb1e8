// SPDX-License-Identifier: BSD-2-Clause
//
// Address ranges as a PC's BIOS reports them, and with it PVH, Multiboot2 and Linux (ACPI 6.5
// section 15, "System Address Map Interfaces").
#pragma once

#include "memory/memory_range.hpp"

namespace baton {

/// An address range type, as far as Baton needs its value: table 15.6.
inline constexpr uint32_t kE820Memory = 1;

/// What may be done with a range of this type.
BatonMemoryType e820_memory_type(uint32_t type);

/// A range as reported, cut off at 2^52; empty where it begins beyond.
TypedRange e820_typed_range(uint64_t base, uint64_t bytes, uint32_t type);

} // namespace baton

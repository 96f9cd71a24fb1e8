// SPDX-License-Identifier: BSD-2-Clause
//
// Addresses that can't be mixed up, and ranges of them.
#pragma once

#include <compare>
#include <cstdint>

namespace baton {

/// An address of one kind. Two kinds do not convert into each other: what turns a physical address
/// into a virtual one (a direct map, an identity map) says so by name.
template<class Kind>
struct Address {
    uint64_t value = 0;

    [[gnu::always_inline]] constexpr auto operator<=>(const Address&) const = default;
    constexpr Address operator+(uint64_t bytes) const { return {value + bytes}; }
    constexpr Address operator-(uint64_t bytes) const { return {value - bytes}; }
    /// Bytes from `other` up to this address, which must not be below it.
    constexpr uint64_t operator-(Address other) const { return value - other.value; }
};

using PhysAddr = Address<struct PhysicalKind>;
using VirtAddr = Address<struct VirtualKind>;

/// [base, base + bytes). Never wraps: base + bytes is at most 2^64, and is computed only where it
/// is known to be less.
template<class Addr>
struct Range {
    Addr base;
    uint64_t bytes = 0;

    constexpr bool operator==(const Range&) const = default;
    constexpr bool empty() const { return bytes == 0; }
    /// One past the last byte; 0 where the range ends at 2^64.
    constexpr Addr end() const { return base + bytes; }
    constexpr bool contains(Addr address) const {
        return address >= base && address - base < bytes;
    }
    constexpr bool overlaps(const Range& other) const {
        return !empty() && !other.empty() && (contains(other.base) || other.contains(base));
    }
};

using PhysRange = Range<PhysAddr>;
using VirtRange = Range<VirtAddr>;

inline constexpr uint64_t kPageBytes = 4096;
inline constexpr uint64_t kLargePageBytes = uint64_t{2} << 20; // mapped by a page-directory entry
inline constexpr uint64_t kHugePageBytes = uint64_t{1} << 30;  // mapped by a PDPT entry

constexpr bool is_power_of_two(uint64_t value) {
    return value != 0 && (value & (value - 1)) == 0;
}

/// `alignment` is a power of two.
constexpr bool is_aligned(uint64_t value, uint64_t alignment) {
    return (value & (alignment - 1)) == 0;
}
constexpr uint64_t align_down(uint64_t value, uint64_t alignment) {
    return value & ~(alignment - 1);
}
/// `value` is at most 2^64 - alignment.
constexpr uint64_t align_up(uint64_t value, uint64_t alignment) {
    return align_down(value + alignment - 1, alignment);
}
/// Pages that hold `bytes` bytes.
constexpr uint64_t pages_for(uint64_t bytes) {
    return bytes / kPageBytes + (bytes % kPageBytes != 0 ? 1 : 0);
}

/// The whole pages that a range touches. The range ends at least a page below 2^64, or exactly
/// there.
template<class Addr>
constexpr Range<Addr> page_cover(Range<Addr> range) {
    const uint64_t base = align_down(range.base.value, kPageBytes);
    return {{base}, pages_for(range.bytes + (range.base.value - base)) * kPageBytes};
}

/// Bits of a virtual address with 4-level and with 5-level paging.
constexpr unsigned address_bits(bool five_level) {
    return five_level ? 57 : 48;
}

/// Whether an address is canonical where virtual addresses have `bits` bits (48, or 57 with LA57):
/// Intel SDM 1 section 3.3.7.1.
constexpr bool is_canonical(VirtAddr address, unsigned bits = 48) {
    const uint64_t upper = address.value >> (bits - 1);
    return upper == 0 || upper == ~uint64_t{0} >> (bits - 1);
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// Translates addresses as the processor does: written from the Intel SDM 3A, section 4.5 (4-level
// and 5-level paging) and section 11.12 (PAT), and from nothing of common/paging, which it is there
// to check.
#pragma once

#include <compare>
#include <cstdint>
#include <expected>
#include <functional>
#include <iosfwd>
#include <vector>

namespace baton::test {

/// Memory types as IA32_PAT encodes them: SDM 3A table 11-10.
enum class MemoryType : uint8_t {
    uncacheable = 0,
    write_combining = 1,
    write_through = 4,
    write_protected = 5,
    write_back = 6,
    uncached = 7,
};

/// What a page may be used for, and how it is cached.
struct PageKind {
    bool writable;
    bool executable;
    bool user;
    MemoryType memory_type;

    bool operator==(const PageKind&) const = default;
};

struct Translation {
    uint64_t physical;
    uint64_t page_bytes; // 4 KiB, 2 MiB or 1 GiB
    PageKind kind;

    bool operator==(const Translation&) const = default;
};

enum class WalkFault { not_canonical, not_present, reserved_bit };

/// A stretch of addresses that are translated without a gap, to memory without a gap, as one kind.
struct MappedRun {
    uint64_t virtual_base;
    uint64_t physical_base;
    uint64_t bytes;
    PageKind kind;

    bool operator==(const MappedRun&) const = default;
};

/// One page of the translation.
struct Leaf {
    uint64_t virtual_base;
    Translation translation;
};

class PageWalker {
  public:
    using ReadMemory = std::function<uint64_t(uint64_t physical)>; // eight bytes

    /// `levels` is 5 with CR4.LA57, else 4.
    PageWalker(ReadMemory read, uint64_t cr3, uint64_t pat, unsigned levels = 4);

    std::expected<Translation, WalkFault> translate(uint64_t virtual_address) const;
    /// Every page that is mapped, by address. Throws where an entry has a reserved bit set.
    std::vector<Leaf> leaves() const;
    /// The same as stretches, each as long as can be.
    std::vector<MappedRun> runs() const;

  private:
    void collect(uint64_t table, unsigned lowest_bit, uint64_t virtual_base,
                 std::vector<Leaf>& leaves) const;

    ReadMemory read_;
    uint64_t cr3_;
    uint64_t pat_;
    unsigned root_bit_; // lowest address bit that an entry of the root translates
};

std::ostream& operator<<(std::ostream& out, const PageKind& kind);
std::ostream& operator<<(std::ostream& out, const Translation& translation);
std::ostream& operator<<(std::ostream& out, const MappedRun& run);

inline constexpr PageKind kReadOnly{false, false, false, MemoryType::write_back};
inline constexpr PageKind kReadWrite{true, false, false, MemoryType::write_back};
inline constexpr PageKind kReadExecute{false, true, false, MemoryType::write_back};
inline constexpr PageKind kWriteExecute{true, true, false, MemoryType::write_back};
inline constexpr PageKind kWriteCombining{true, false, false, MemoryType::write_combining};

} // namespace baton::test

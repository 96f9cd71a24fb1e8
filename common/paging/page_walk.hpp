// SPDX-License-Identifier: BSD-2-Clause
//
// How the processor translates one address, entry by entry, and why it refuses an access.
#pragma once

#include "cpu/constants.hpp"
#include "paging/entry.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace baton {

/// The registers that translation depends on, and what the processor can.
struct PagingMode {
    uint64_t cr3;
    bool five_level;        // CR4.LA57
    unsigned physical_bits; // MAXPHYADDR: CPUID 80000008h EAX bits 7:0
    bool no_execute;        // EFER.NXE
    bool write_protect;     // CR0.WP
};

/// From values of CR0, CR3, CR4 and EFER.
constexpr PagingMode paging_mode(uint64_t cr0, uint64_t cr3, uint64_t cr4, uint64_t efer,
                                 unsigned physical_bits) {
    return {.cr3 = cr3,
            .five_level = (cr4 & cpu::kCr4La57) != 0,
            .physical_bits = physical_bits,
            .no_execute = (efer & cpu::kEferNxe) != 0,
            .write_protect = (cr0 & cpu::kCr0Wp) != 0};
}

/// How memory is read. `read` returns false where that fails; `context` is for it alone.
struct MemoryReader {
    bool (*read)(const void* context, uint64_t address, uint64_t& value); // eight bytes
    const void* context;
};

enum class WalkEnd : uint8_t {
    page,          // the address is mapped
    not_present,   // the last entry is
    reserved_bit,  // the last entry has one set
    unreadable,    // the last entry couldn't be read
    not_canonical, // nothing was read
};

/// An entry that the processor looks at.
struct WalkStep {
    uint64_t physical; // where it is
    uint64_t entry;
};

struct PageWalk {
    uint64_t address;
    unsigned levels;
    WalkEnd end;
    std::size_t count = 0;
    std::array<WalkStep, paging::kLevelsLa57> steps;

    std::span<const WalkStep> entries() const { return {steps.data(), count}; }
    /// Of an entry: `levels` is the root's, 1 the last table's.
    unsigned level(std::size_t index) const { return levels - static_cast<unsigned>(index); }
};

/// `memory` reads at physical addresses. Intel SDM 3A section 4.5.4.
PageWalk walk_page_tables(uint64_t address, const PagingMode& mode, const MemoryReader& memory);

/// Whether a walk that ends at a page ends at the one at the address itself.
bool is_identity(const PageWalk& walk);

struct PageAccess {
    bool write;
    bool fetch;
    bool user;
};

// Bits of a page fault's error code: Intel SDM 3A section 4.7.
inline constexpr uint64_t kPageErrorWrite = 1 << 1;
inline constexpr uint64_t kPageErrorUser = 1 << 2;
inline constexpr uint64_t kPageErrorFetch = 1 << 4;

/// What was tried when a page fault came with this error code.
constexpr PageAccess access_of(uint64_t error_code) {
    return {.write = (error_code & kPageErrorWrite) != 0,
            .fetch = (error_code & kPageErrorFetch) != 0,
            .user = (error_code & kPageErrorUser) != 0};
}

enum class Denial : uint8_t {
    none, // the tables allow it
    not_canonical,
    unreadable,
    not_present,
    reserved_bit,
    read_only,
    no_execute,
    supervisor_only,
};

struct Verdict {
    Denial denial;
    unsigned level; // of the entry that denies; 0 where none does
};

/// Whether the tables that were walked allow an access, else why not. Protection keys, SMEP, SMAP
/// and shadow stacks are not looked at: Intel SDM 3A section 4.6.1.
Verdict judge(const PageWalk& walk, PageAccess access, const PagingMode& mode);

} // namespace baton

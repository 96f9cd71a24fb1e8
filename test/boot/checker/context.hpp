// SPDX-License-Identifier: BSD-2-Clause
//
// What every check works on, and the checks.
#pragma once

#include "page_tables.hpp"
#include "parameters.hpp"
#include "promise.hpp"

#include <baton/boot_info.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

/// The registers at the kernel's first instruction, as entry.asm pushes them.
struct EntryState {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp;
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rflags;
    uint64_t return_address; // RSP pointed here

    uint64_t rsp() const { return reinterpret_cast<uint64_t>(&return_address); }
};
static_assert(offsetof(EntryState, rflags) == 15 * sizeof(uint64_t));

/// The part of an FXSAVE area that is of interest here (Intel SDM 1 section 10.5.1).
struct FpuState {
    uint16_t control_word;
    uint16_t status_word;
    uint8_t tags_in_use; // a bit for each x87 register
    std::array<uint8_t, 19> reserved;
    uint32_t mxcsr;
    uint32_t mxcsr_mask;
    std::array<uint64_t, 16> x87;
    std::array<uint64_t, 32> xmm; // XMM0 to XMM15
};
static_assert(offsetof(FpuState, mxcsr) == 24 && offsetof(FpuState, xmm) == 160);

struct Context {
    const BatonBootInfo& info;
    const Parameters& parameters;
    const EntryState& entry;
    const FpuState& fpu;
    uint64_t checker_start; // the address of entry.asm's first byte
    PageTables tables;      // the ones that the kernel runs on
    Tally& tally;

    baton::BootInfoView view() const { return baton::BootInfoView(info); }
    /// The type of the page at a physical address; 0 where the memory map says nothing.
    uint32_t memory_type(uint64_t physical) const;
    /// Whether each byte of the range has type `type` in the memory map.
    bool is_all(uint64_t physical, uint64_t bytes, uint32_t type) const;
    template<class T>
    const T* at_physical(uint64_t physical) const {
        return static_cast<const T*>(baton_physical_to_pointer(&info, physical));
    }
};

void check_machine_state(Context& context);
void check_records(Context& context);
void check_firmware_tables(Context& context);
void check_framebuffers(Context& context);
void check_memory_map(Context& context);
void check_segments(Context& context);
void check_segment_pages(Context& context);
void check_address_space(Context& context);

/// Overwrites all memory that the map calls usable.
void fill_usable_memory(const Context& context);
/// Overwrites what is writable in the kernel's segments.
void fill_segments(const Context& context);

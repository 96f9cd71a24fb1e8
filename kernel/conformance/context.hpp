// SPDX-License-Identifier: BSD-2-Clause
//
// What every check works on.
#pragma once

#include "entry_state.hpp"
#include "page_tables.hpp"
#include "verdict.hpp"

#include <baton/boot_info.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace conformance {

inline constexpr uint64_t kPageBytes = 4096;
inline constexpr unsigned kWriteBack = 0; // PAT entries
inline constexpr unsigned kUncacheable = 3;
inline constexpr unsigned kWriteCombining = 5; // the one that the protocol documents

struct Context {
    const EntryState& entry;
    const BatonBootInfo& info;
    PageTables tables; // the ones that the kernel runs on
    Expectations expectations;
    uint64_t first_nonzero_in_bss; // 0: all was zero at entry
    bool has_acknowledged = false;

    baton::BootInfoView view() const { return baton::BootInfoView(info); }
    /// Whether a page of an identity mapping is no memory: it has the registers of a device.
    bool is_device(uint64_t page) const;
    /// How much of the lower memory the kernel has requested at virtual = physical.
    uint64_t identity_bytes() const;
    /// Whether a page is of stage 2 or its record, which come first in identity_mappings, or the
    /// one that other processors start in.
    bool is_of_the_handoff(uint64_t page) const;
    /// Whether a page is mapped for the runtime services that the kernel requested: `code` of
    /// theirs, or their device.
    bool is_runtime_page(const Leaf& leaf, bool code) const;
    bool has_flag(uint64_t flag) const { return (info.flags & flag) != 0; }

    /// The range of the memory map that holds a physical address; null if none does.
    const BatonMemoryRange* range_of(uint64_t physical) const;
    /// Whether each byte of the range has this type in the memory map.
    bool is_all(uint64_t physical, uint64_t bytes, uint32_t type) const;
    /// Whether each byte is mapped.
    bool is_mapped(uint64_t address, uint64_t bytes) const;
    bool is_in_direct_map(uint64_t address, uint64_t bytes) const {
        const uint64_t offset = address - info.direct_map_base;
        return offset < info.direct_map_bytes && bytes <= info.direct_map_bytes - offset;
    }

    /// Readable bytes at a physical address, seen in the direct map; empty if they are not there.
    std::span<const uint8_t> at_physical(uint64_t physical, uint64_t bytes) const;
    /// The text at the address of a NUL; "" where there is no text or it has no end.
    std::string_view text_at(uint64_t address) const;

    /// A record of the loader's: in the direct map, aligned, in memory of the loader's.
    void expect_record(Verdict& verdict, std::string_view what, uint64_t address, uint64_t bytes,
                       uint64_t alignment = 8) const;
    /// A text of the loader's: the same, with a NUL at its end, and never a null pointer.
    void expect_text(Verdict& verdict, std::string_view what, uint64_t address) const;
};

/// Of any processor, whose registers `context.entry` has: S4 to S8, S11, S14, S15 without MSRs.
void check_registers(Verdict& verdict, const Context& context);
/// The same: S12, but for its being read-only, and S13. Returns the base of its TSS.
uint64_t check_tables(Verdict& verdict, const Context& context);

/// Pages to read and write in the loader's memory, and none mapped on either side.
void check_stack(Verdict& verdict, const Context& context, uint64_t base, uint64_t bytes);

struct Promise {
    std::string_view number;
    std::string_view text;
    void (*check)(Verdict&, const Context&);
};

std::span<const Promise> state_promises();         // S: check_state.cpp
std::span<const Promise> address_space_promises(); // A: check_address_space.cpp
std::span<const Promise> protection_promises();    // A: check_protection.cpp
std::span<const Promise> image_promises();         // K: check_image.cpp
std::span<const Promise> record_promises();        // B: check_record.cpp
std::span<const Promise> memory_map_promises();    // M: check_memory_map.cpp
std::span<const Promise> device_promises();        // D: check_devices.cpp
std::span<const Promise> firmware_promises();      // D: check_firmware.cpp
std::span<const Promise> trust_promises();         // D: check_trust.cpp
std::span<const Promise> hypervisor_promises();    // H: check_hypervisor.cpp
std::span<const Promise> processor_promises();     // C: check_processors.cpp
std::span<const Promise> request_promises();       // W: check_requests.cpp
std::span<const Promise> expectation_promises();   // X: check_expectations.cpp

} // namespace conformance

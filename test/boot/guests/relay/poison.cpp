// SPDX-License-Identifier: BSD-2-Clause
//
// Records that stage 2 can't execute: a fault for each of its steps, and in the report itself.
#include "relay.hpp"

#include <array>

namespace {

constexpr uint64_t kUnmapped = 0xffff'f000'0000'0000; // between the parts of the address space
constexpr uint64_t kNotCanonical = 0x0000'9000'0000'0000;
constexpr uint64_t kPresent = 1, kWritable = 2;
constexpr uint64_t kReserved = uint64_t{1} << 51; // in a page-table entry, on any machine of today
constexpr uint64_t kEntries = 512;
constexpr unsigned kRootSlot = 300; // of the address space: nothing is there
constexpr uint64_t kRootSlotBase = ~uint64_t{0} << 48 | uint64_t{kRootSlot} << 39;

alignas(4096) constexpr std::array<uint64_t, 512> kReadOnly = {1};
alignas(4096) std::array<uint64_t, 512> data;

uint64_t* root(const BatonBootInfo& info) {
    return physical<uint64_t>(info, info.kernel_cr3);
}

/// A new table all of whose entries are `entry`.
uint64_t table_of(const BatonBootInfo& info, uint64_t entry) {
    const uint64_t table = take_frames(info, 1);
    for (uint64_t i = 0; i < kEntries; ++i)
        physical<uint64_t>(info, table)[i] = entry;
    return table | kPresent | kWritable;
}

/// Maps 512 GiB from kRootSlotBase on to one page, so that to zero it takes hours.
uint64_t map_for_hours(const BatonBootInfo& info) {
    uint64_t entry = take_frames(info, 1) | kPresent | kWritable;
    for (unsigned level = 1; level <= 3; ++level)
        entry = table_of(info, entry);
    root(info)[kRootSlot] = entry;
    return kRootSlotBase;
}

/// An address for which an entry of the second level has a reserved bit set.
uint64_t map_with_reserved_bit(const BatonBootInfo& info) {
    const uint64_t page = take_frames(info, 1) | kPresent | kWritable;
    root(info)[kRootSlot] = table_of(info, table_of(info, page | kReserved));
    return kRootSlotBase;
}

uint64_t* table_below(const BatonBootInfo& info, uint64_t entry) {
    return physical<uint64_t>(info, entry & 0xf'ffff'ffff'f000);
}

/// Page tables without the lower half, where stage 2 is; mapped where they lie, by a page of 2 MiB,
/// so that stage 2 can look before it leaps.
uint64_t tables_without_stage2(const BatonBootInfo& info) {
    constexpr uint64_t kLargePage = uint64_t{1} << 7;
    const uint64_t copy = take_frames(info, 1);
    memcpy(physical<uint64_t>(info, copy), root(info), kEntries * sizeof(uint64_t));
    physical<uint64_t>(info, copy)[0] = 0;
    uint64_t* const directory =
        table_below(info, table_below(info, root(info)[0])[0]); // of the lowest GiB
    if (copy >> 30 != 0 || directory[copy >> 21] != 0)
        give_up("no room to map page tables");
    directory[copy >> 21] = (copy >> 21 << 21) | kLargePage | kPresent | kWritable;
    return copy;
}

/// The address of what is identity-mapped at `place`, by page tables that go out of use; the others
/// are those at `new_root`, without this mapping.
uint64_t map_until_handoff(const BatonBootInfo& info, uint64_t place, uint64_t& new_root) {
    new_root = take_frames(info, 1);
    memcpy(physical<uint64_t>(info, new_root), root(info), kEntries * sizeof(uint64_t));
    root(info)[kRootSlot] = root(info)[0];
    return kRootSlotBase + place;
}

struct Target {
    const BatonBootInfo& info;
    BatonHandoff& record;
    BatonHandoffSegment& segment; // the record's only one
};

/// An unmapped destination, reported on the UART at `port` alone, named both ways that there are.
void report_on_uart_at(const Target& t, uint16_t port) {
    t.segment.destination = kUnmapped;
    t.record.serial_port = port;
    for (BatonUart& uart : t.record.uarts)
        uart = {};
    t.record.uarts[0] = {.address = port,
                         .space = BATON_UART_IO,
                         .register_bytes = 1,
                         .access_bytes = 1,
                         .reserved = {}};
}

struct Poison {
    std::string_view mode;
    void (*apply)(const Target& target);
};

constexpr Poison kPoisons[] = {
    // Step by step.
    {"tables-without-stage2",
     [](const Target& t) { t.record.page_table_root = tables_without_stage2(t.info); }},
    {"unmapped-time-stamps", [](const Target& t) { t.record.time_stamps = kUnmapped; }},
    {"not-canonical-time-stamps", [](const Target& t) { t.record.time_stamps = kNotCanonical; }},
    {"unmapped-segments",
     [](const Target& t) {
         t.record.segments = map_until_handoff(t.info, t.record.segments, t.record.page_table_root);
     }},
    {"unmapped-destination", [](const Target& t) { t.segment.destination = kUnmapped; }},
    {"unmapped-source",
     [](const Target& t) { t.segment.source_physical = kUnmapped - t.record.direct_map_base; }},
    {"reserved-bit",
     [](const Target& t) { t.segment.destination = map_with_reserved_bit(t.info); }},
    {"endless",
     [](const Target& t) {
         t.segment.destination = map_for_hours(t.info);
         t.segment.memory_bytes = uint64_t{1} << 39;
     }},
    {"read-only-time-stamps", // CR0.WP is off until the last of them
     [](const Target& t) { t.record.time_stamps = reinterpret_cast<uint64_t>(kReadOnly.data()); }},
    {"unmapped-stack", [](const Target& t) { t.record.kernel_stack_top = kUnmapped; }},
    {"no-execute-entry",
     [](const Target& t) { t.record.kernel_entry = reinterpret_cast<uint64_t>(data.data()); }},
    {"unmapped-entry", [](const Target& t) { t.record.kernel_entry = kUnmapped; }},

    // In the report of an unmapped destination.
    {"no-serial-port", // reads are FFh
     [](const Target& t) { report_on_uart_at(t, 0x2f8); }},
    {"stuck-serial-port", // its line status would be port 81h, of the DMA controller: 0
     [](const Target& t) { report_on_uart_at(t, 0x7c); }},
    {"bad-screen",
     [](const Target& t) {
         t.segment.destination = kUnmapped;
         t.record.framebuffer_physical = kUnmapped - t.record.direct_map_base;
         t.record.framebuffer_width = t.record.framebuffer_height = 480;
         t.record.framebuffer_pitch_bytes = 4 * 480;
         t.record.framebuffer_pixel_bytes = 4;
     }},
};

} // namespace

bool poison(std::string_view mode, const BatonBootInfo& info, BatonHandoff& record) {
    for (const Poison& poison : kPoisons) {
        if (poison.mode != mode)
            continue;
        record.after_fault = BATON_AFTER_FAULT_EXIT;
        record.exit_port = 0xf4;
        record.exit_value = 42;
        poison.apply({info, record, *physical<BatonHandoffSegment>(info, record.segments)});
        return true;
    }
    return false;
}

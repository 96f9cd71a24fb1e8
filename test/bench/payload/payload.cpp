// SPDX-License-Identifier: BSD-2-Clause
//
// What the loaders under test boot: says when it was entered, and checks that no work was left out.
// On the debug console:
//
//     entry 0x…        TSC at the first instruction
//     step 0x… NAME    Baton's time stamps
//     waited 0x…       for other processors
//     garbage 0x…      pages that the loader, the firmware and the payload have left full of
//     garbage payload good     or what is wrong; and QEMU ends
#include "../ports.hpp"

#include <baton/boot_info.h>

namespace {

using bench::kPageBytes;
using bench::print;

/// Bytes that must have arrived. Offsets here count from the payload's first byte.
struct Content {
    uint64_t offset;
    uint64_t bytes;
    uint64_t adler32; // RFC 1950, section 8
};

/// Written by payload.py.
struct Parameters {
    uint64_t work_offset; // memory for the payload itself: page tables, stack
    uint64_t work_end;
    uint64_t zeroes_offset;
    uint64_t zeroes_bytes;
    uint64_t memory_bytes; // of the machine
    Content contents[2];
};
static_assert(sizeof(Parameters) == 88);

uint32_t adler32(const uint8_t* bytes, uint64_t count) {
    constexpr uint32_t kModulus = 65521;
    constexpr uint64_t kWithoutOverflow = 5552;
    uint32_t low = 1, high = 0;
    while (count != 0) {
        const uint64_t piece = count < kWithoutOverflow ? count : kWithoutOverflow;
        for (uint64_t i = 0; i < piece; ++i) {
            low += bytes[i];
            high += low;
        }
        low %= kModulus;
        high %= kModulus;
        bytes += piece;
        count -= piece;
    }
    return high << 16 | low;
}

bool is_zero(const uint8_t* bytes, uint64_t count) {
    uint64_t all = 0;
    for (uint64_t i = 0; i < count; i += sizeof all)
        all |= *reinterpret_cast<const uint64_t*>(bytes + i);
    return all == 0;
}

bool is_garbage(uint64_t page) {
    const auto* const words = reinterpret_cast<const uint64_t*>(page);
    uint64_t differences = 0;
    for (std::size_t i = 0; i < kPageBytes / sizeof *words; i += 8) {
        for (std::size_t j = 0; j < 8; ++j)
            differences |= words[i + j] ^ bench::kGarbage;
        if (differences != 0)
            return false;
    }
    return true;
}

/// `memory`: where physical address 0 is mapped. Page 0 may be unmapped, and from 640 KiB to 1 MiB
/// there are devices.
uint64_t pages_of_garbage(uint64_t memory, uint64_t memory_bytes) {
    constexpr uint64_t kLowEnd = 0xa0, kHighBegin = 0x100;
    uint64_t pages = 0;
    for (uint64_t page = 1; page < memory_bytes / kPageBytes; ++page)
        if (page < kLowEnd || page >= kHighBegin)
            pages += is_garbage(memory + page * kPageBytes) ? 1 : 0;
    return pages;
}

/// The same of what Baton maps of the machine's memory: not what is reserved.
uint64_t pages_of_garbage(const BatonBootInfo& info, uint64_t memory_bytes) {
    uint64_t pages = 0;
    for (uint32_t i = 0; i < info.memory_map_count; ++i) {
        const BatonMemoryRange& range = *baton_memory_range(&info, i);
        if (range.type == BATON_MEMORY_RESERVED || range.type == BATON_MEMORY_FRAMEBUFFER)
            continue;
        for (uint64_t at = range.base_physical; at < range.base_physical + range.bytes;
             at += kPageBytes)
            if (at != 0 && at < memory_bytes)
                pages += is_garbage(info.direct_map_base + at) ? 1 : 0;
    }
    return pages;
}

void print_steps(const BatonBootInfo* info) {
    for (uint32_t i = 0; i < info->time_stamp_count; ++i) {
        const BatonTimeStamp* const step = baton_time_stamp(info, i);
        print("step ");
        print(step->name, step->tsc);
    }
}

/// From the last step before the kernel to the first other processor that has come: INIT and SIPI
/// take their time. QEMU lets the TSC jump at an INIT if it counts instructions.
void print_waiting(const BatonBootInfo* info) {
    uint64_t first = 0;
    for (uint32_t i = 0; i < info->processor_count; ++i) {
        const uint64_t tsc = baton_processor(info, i)->parked_tsc;
        if (tsc != 0 && (first == 0 || tsc < first))
            first = tsc;
    }
    if (first != 0 && info->time_stamp_count > 1)
        print("waited", first - baton_time_stamp(info, info->time_stamp_count - 2)->tsc);
}

} // namespace

extern "C" [[noreturn]] void check_payload(const BatonBootInfo* info, uint64_t tsc,
                                           const uint8_t* payload, const Parameters& parameters) {
    print("entry", tsc);
    const bool by_baton = info != nullptr;
    bool good = !by_baton || baton_boot_info_is_valid(info);
    if (by_baton && good) {
        print_steps(info);
        print_waiting(info);
    }
    if (!is_zero(payload + parameters.zeroes_offset, parameters.zeroes_bytes)) {
        print("bench: .bss is not zero\n");
        good = false;
    }
    for (const Content& content : parameters.contents) {
        if (adler32(payload + content.offset, content.bytes) != content.adler32) {
            print("bench: wrong bytes at", content.offset);
            good = false;
        }
    }
    // Who starts it without UEFI has not filled memory, either.
    if (good && (!by_baton || info->boot_path == BATON_BOOT_PATH_UEFI)) {
        print("garbage", by_baton ? pages_of_garbage(*info, parameters.memory_bytes)
                                  : pages_of_garbage(0, parameters.memory_bytes));
    }
    if (good)
        print("payload good\n");
    bench::finish(good);
}

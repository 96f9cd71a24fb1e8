// SPDX-License-Identifier: BSD-2-Clause
//
// A BootRecord under test, and the kernel's view of it: through addresses in the direct map.
#pragma once

#include "plan/boot_record.hpp"
#include "support/normalised.hpp"
#include "support/planned.hpp"

#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

namespace baton::test {

inline constexpr uint64_t kPage = kPageBytes;
inline constexpr PhysAddr kPhysical{0x1'2345'6000};
inline constexpr Layout kLayout{.direct_map = {{0xffff'8080'0000'0000}, uint64_t{8} << 30},
                                .stack = {{0xffff'9000'0000'1000}, kStackBytes}};
inline constexpr BootRecord::Capacity kCapacity{.segments = 3,
                                                .framebuffers = 2,
                                                .video_modes = 3,
                                                .modules = 2,
                                                .identity_mappings = 2,
                                                .time_stamps = 3 + kStage2TimeStamps,
                                                .claims = 4,
                                                .data_bytes = 64};

/// A record in memory of just the size that it asks for, and the kernel's view of it.
class BootRecordTest : public testing::Test {
  protected:
    Buffer memory_ = Buffer(BootRecord::bytes_needed(kCapacity), std::byte{0xa5});
    BootRecord record_ = BootRecord::create(memory_, kPhysical, kLayout, kCapacity).value();

    /// Where the test can read what the kernel has at `address`.
    std::byte* seen(uint64_t address, std::size_t bytes) {
        const uint64_t offset = address - kLayout.direct_map.base.value - kPhysical.value;
        EXPECT_LE(offset, memory_.size());
        EXPECT_LE(bytes, memory_.size() - offset);
        return memory_.data() + offset;
    }
    const BatonBootInfo& info() {
        const uint64_t address = record_.virtual_address().value;
        return *reinterpret_cast<const BatonBootInfo*>(seen(address, sizeof(BatonBootInfo)));
    }
    template<class Entry>
    std::vector<Entry> array(uint64_t address, uint32_t count, uint32_t entry_bytes) {
        EXPECT_EQ(entry_bytes, sizeof(Entry));
        EXPECT_EQ(address % alignof(Entry), 0u);
        const auto* first = reinterpret_cast<const Entry*>(seen(address, count * sizeof(Entry)));
        return {first, first + count};
    }
    /// A text as the kernel reads it.
    const char* text(uint64_t address) {
        const char* const first = reinterpret_cast<const char*>(seen(address, 1));
        EXPECT_NE(std::memchr(first, 0, left_from(address)), nullptr);
        return first;
    }
    std::size_t left_from(uint64_t address) {
        return memory_.size() - (address - kLayout.direct_map.base.value - kPhysical.value);
    }
    std::vector<BatonMemoryRange> raw_memory_map() {
        return array<BatonMemoryRange>(info().memory_map, info().memory_map_count,
                                       info().memory_map_entry_bytes);
    }
    /// As normalise() gives it: no origin is "".
    MemoryMap memory_map() {
        MemoryMap map;
        for (const BatonMemoryRange& range : raw_memory_map()) {
            const char* const origin = text(range.origin);
            map.push_back({.range = {{range.base_physical}, range.bytes},
                           .type = static_cast<BatonMemoryType>(range.type),
                           .firmware_type = range.firmware_type,
                           .attributes = range.attributes,
                           .origin = *origin == 0 ? nullptr : origin});
        }
        return map;
    }
    std::vector<BatonKernelSegment> segments() {
        return array<BatonKernelSegment>(info().kernel_segments, info().kernel_segment_count,
                                         info().kernel_segment_entry_bytes);
    }
    std::vector<BatonFramebuffer> framebuffers() {
        return array<BatonFramebuffer>(info().framebuffers, info().framebuffer_count,
                                       info().framebuffer_entry_bytes);
    }
    std::vector<BatonTimeStamp> time_stamps() {
        return array<BatonTimeStamp>(info().time_stamps, info().time_stamp_count,
                                     info().time_stamp_entry_bytes);
    }
};

} // namespace baton::test

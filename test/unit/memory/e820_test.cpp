// SPDX-License-Identifier: BSD-2-Clause
#include "memory/e820.hpp"

#include <gtest/gtest.h>

namespace baton::test {
namespace {

TEST(E820, KnowsTheTypes) {
    EXPECT_EQ(e820_memory_type(1), BATON_MEMORY_USABLE);
    EXPECT_EQ(e820_memory_type(2), BATON_MEMORY_RESERVED);
    EXPECT_EQ(e820_memory_type(3), BATON_MEMORY_ACPI_RECLAIMABLE);
    EXPECT_EQ(e820_memory_type(4), BATON_MEMORY_ACPI_NVS);
    EXPECT_EQ(e820_memory_type(5), BATON_MEMORY_BAD);
    EXPECT_EQ(e820_memory_type(7), BATON_MEMORY_PERSISTENT);
}

TEST(E820, ReservesWhatItDoesNotKnow) {
    for (const uint32_t type : {0u, 6u, 8u, 12u, 0xefff'ffffu, ~0u})
        EXPECT_EQ(e820_memory_type(type), BATON_MEMORY_RESERVED) << type;
}

TEST(E820, KeepsTheTypeBeside) {
    const TypedRange typed = e820_typed_range(0x1000, 0x2000, 3);
    EXPECT_EQ(typed.range, (PhysRange{{0x1000}, 0x2000}));
    EXPECT_EQ(typed.firmware_type, 3u);
    EXPECT_EQ(typed.attributes, 0u);
    EXPECT_EQ(typed.origin, nullptr);
}

TEST(E820, CutsOffWhatNoAddressReaches) {
    EXPECT_EQ(e820_typed_range(kPhysicalAddressEnd - 0x1000, ~uint64_t{0}, 1).range,
              (PhysRange{{kPhysicalAddressEnd - 0x1000}, 0x1000}));
    EXPECT_TRUE(e820_typed_range(kPhysicalAddressEnd, 0x1000, 1).range.empty());
    EXPECT_TRUE(e820_typed_range(~uint64_t{0}, 0x1000, 1).range.empty());
}

NormalisedRange part(uint64_t base, uint64_t bytes, BatonMemoryType type) {
    return {.range = {{base}, bytes},
            .type = type,
            .firmware_type = BATON_NO_FIRMWARE_TYPE,
            .attributes = 0,
            .origin = nullptr};
}

TEST(E820, WritesWhatTouchesAndIsOfOneTypeAsOne) {
    const NormalisedRange map[] = {
        part(0x1000, 0x1000, BATON_MEMORY_USABLE),
        part(0x2000, 0x1000, BATON_MEMORY_LOADER_RECLAIMABLE),
        part(0x3000, 0x1000, BATON_MEMORY_KERNEL_AND_MODULES),
        part(0x5000, 0x1000, BATON_MEMORY_USABLE), // after a gap
        part(0x6000, 0x1000, BATON_MEMORY_FRAMEBUFFER),
        part(0x7000, 0x1000, BATON_MEMORY_SPECIAL_PURPOSE),
        part(0x8000, 0x1000, BATON_MEMORY_ACPI_NVS),
    };
    E820Entry entries[std::size(map)];
    const auto written = write_e820(map, entries);
    ASSERT_EQ(written.size(), 4u);
    const uint64_t expected[][3] = {
        {0x1000, 0x3000, 1}, {0x5000, 0x1000, 1}, {0x6000, 0x2000, 2}, {0x8000, 0x1000, 4}};
    for (std::size_t i = 0; i < written.size(); ++i) {
        EXPECT_EQ(written[i].base, expected[i][0]);
        EXPECT_EQ(written[i].bytes, expected[i][1]);
        EXPECT_EQ(written[i].type, expected[i][2]);
        EXPECT_EQ(written[i].reserved, 0u);
    }
    EXPECT_TRUE(write_e820({}, {}).empty());
}

} // namespace
} // namespace baton::test

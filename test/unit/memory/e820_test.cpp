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

} // namespace
} // namespace baton::test

// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/default_machine.hpp"

#include <gtest/gtest.h>

namespace baton::tool {
namespace {

constexpr uint64_t kMiB = 1 << 20;

uint64_t end_below_4_gib(uint64_t mib) {
    uint64_t end = 0;
    for (const TypedRange& range : q35_memory_map(mib))
        if (range.range.base.value < 4096 * kMiB)
            end = std::max(end, range.range.base.value + range.range.bytes);
    return end / kMiB;
}

TEST(DefaultMachine, MemoryIsSplitAsQ35DoesIt) {
    EXPECT_EQ(end_below_4_gib(256), 256u);
    EXPECT_EQ(end_below_4_gib(2560), 2560u);
    EXPECT_EQ(end_below_4_gib(2815), 2815u);
    EXPECT_EQ(end_below_4_gib(2816), 2048u);
    const TypedRange above = q35_memory_map(2816).back();
    EXPECT_EQ(above.range.base.value, 4096 * kMiB);
    EXPECT_EQ(above.range.bytes, 768 * kMiB);
}

TEST(DefaultMachine, TheFramebufferIsWhereTheFirmwarePutsIt) {
    const auto base = [](uint64_t mib, std::string_view ovmf) {
        return framebuffer_base(q35_memory_map(mib), ovmf).value / kMiB;
    };
    EXPECT_EQ(base(256, "2022.11-6+deb12u2"), 3072u);
    EXPECT_EQ(base(2560, "2022.11-6+deb12u2"), 3072u);
    EXPECT_EQ(base(256, "2025.02-8"), 2048u);
    EXPECT_EQ(base(2048, "2025.02-8"), 2048u);
    EXPECT_EQ(base(2100, "2025.02-8"), 3072u);
    EXPECT_EQ(base(2700, "2025.02-8"), 3072u);
    EXPECT_EQ(base(4096, ""), 2048u);
}

} // namespace
} // namespace baton::tool

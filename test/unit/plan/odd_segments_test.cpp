// SPDX-License-Identifier: BSD-2-Clause
#include "plan/odd_segments.hpp"

#include <gtest/gtest.h>
#include <string>

namespace baton::test {
namespace {

/// What is said of a segment with so many bytes in memory and in the file.
std::string said_of(uint32_t flags, uint64_t memory_bytes, uint64_t file_bytes) {
    Text text;
    const bool odd = describe_odd_segment({.program_header = 3,
                                           .flags = flags,
                                           .memory = {{0x10'0000}, memory_bytes},
                                           .file_offset = 0,
                                           .file_bytes = file_bytes},
                                          text);
    EXPECT_EQ(odd, !text.view().empty());
    EXPECT_FALSE(text.view().ends_with("..."));
    return std::string(text.view());
}

TEST(OddSegment, IsOneWithoutPermissions) {
    for (const uint32_t others : {0u, 8u, 0xf000'0000u})
        EXPECT_TRUE(said_of(others, 0x1000, 0x1000).starts_with("segment 3 has no permissions"));
    for (uint32_t flags = 1; flags < 8; ++flags)
        EXPECT_EQ(said_of(flags, 0x1000, 0x1000), "") << flags;
}

TEST(OddSegment, IsOneWithZeroedMemoryThatCannotBeWritten) {
    for (uint32_t flags = 1; flags < 8; ++flags) {
        const std::string said = said_of(flags, 0x3000, 0x1000);
        EXPECT_EQ(said.contains("8 KiB of zeroed memory"), (flags & elf::PF_W) == 0) << flags;
    }
    const std::string both = said_of(0, 0x3000, 0x1000);
    EXPECT_TRUE(both.contains("no permissions") && both.contains("8 KiB of zeroed")) << both;
}

} // namespace
} // namespace baton::test

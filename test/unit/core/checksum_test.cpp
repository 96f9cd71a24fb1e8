// SPDX-License-Identifier: BSD-2-Clause
#include "core/checksum.hpp"

#include <gtest/gtest.h>
#include <span>
#include <string_view>

namespace baton::test {
namespace {

uint64_t checksum_of(std::string_view text) {
    return checksum(std::as_bytes(std::span(text)));
}

/// The algorithm's published test vectors.
TEST(Checksum, IsFnv1aWith64Bits) {
    EXPECT_EQ(checksum_of(""), 0xcbf2'9ce4'8422'2325u);
    EXPECT_EQ(checksum_of("a"), 0xaf63'dc4c'8601'ec8cu);
    EXPECT_EQ(checksum_of("foobar"), 0x8594'4171'f739'67e8u);
}

} // namespace
} // namespace baton::test

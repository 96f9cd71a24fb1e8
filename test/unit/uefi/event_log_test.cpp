// SPDX-License-Identifier: BSD-2-Clause
#include "uefi/event_log.hpp"

#include "support/bytes.hpp"

#include <gtest/gtest.h>
#include <utility>
#include <vector>

namespace baton::test {
namespace {

using enum EventForm;

Buffer with_event(Buffer event, uint32_t bytes) {
    append(event, bytes);
    event.resize(event.size() + bytes);
    return event;
}

Buffer with_digests(const std::vector<std::pair<uint16_t, std::size_t>>& digests, uint32_t bytes) {
    Buffer event(8);
    append(event, static_cast<uint32_t>(digests.size()));
    for (const auto& [algorithm, digest_bytes] : digests) {
        append(event, algorithm);
        event.resize(event.size() + digest_bytes);
    }
    return with_event(event, bytes);
}

/// It is read whole, with something after it too, and not where it ends too early.
void expect_whole(Buffer event, EventForm form) {
    const uint64_t bytes = event.size();
    EXPECT_EQ(event_bytes(event, form), bytes);
    for (uint64_t less = 0; less < bytes; ++less) {
        const Buffer cut(event.begin(), event.begin() + static_cast<std::ptrdiff_t>(less));
        EXPECT_EQ(event_bytes(cut, form), 0U) << less;
    }
    event.resize(bytes + 100);
    EXPECT_EQ(event_bytes(event, form), bytes);
}

TEST(EventLog, KnowsWhereAnEntryEnds) {
    expect_whole(with_event(Buffer(28), 0), one_digest);
    expect_whole(with_event(Buffer(28), 37), one_digest);
    expect_whole(with_digests({}, 5), digests);
    expect_whole(with_digests({{0x0b, 32}}, 0), digests);
    expect_whole(with_digests({{0x04, 20}, {0x0b, 32}, {0x0c, 48}, {0x0d, 64}, {0x12, 32}}, 9),
                 digests);
    expect_whole(with_digests({{0x27, 32}, {0x28, 48}, {0x29, 64}}, 1), digests);
}

TEST(EventLog, DoesNotGuessTheSizeOfADigest) {
    EXPECT_EQ(event_bytes(with_digests({{0x0b, 32}, {0x1234, 32}}, 4), digests), 0U);
}

TEST(EventLog, SizesDoNotOverflow) {
    Buffer event = with_event(Buffer(28), 0);
    std::memset(event.data() + 28, 0xff, 4);
    EXPECT_EQ(event_bytes(event, one_digest), 0U);
    Buffer many = with_digests({{0x0b, 32}}, 0);
    std::memset(many.data() + 8, 0xff, 4);
    EXPECT_EQ(event_bytes(many, digests), 0U);
}

} // namespace
} // namespace baton::test

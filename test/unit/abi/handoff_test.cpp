// SPDX-License-Identifier: BSD-2-Clause
//
// The handoff ABI, and the header of stage2.bin as it was built.
#include "abi/handoff.h"
#include "kernel_in_c.h"
#include "support/bytes.hpp"

#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <ios>
#include <iterator>
#include <string>
#include <string_view>

namespace baton::test {
namespace {

TEST(Handoff, RecordsHaveTheSameSizeInCAndInCpp) {
    const SizesInC sizes = sizes_in_c();
    EXPECT_EQ(sizes.stage2_header, sizeof(BatonStage2Header));
    EXPECT_EQ(sizes.handoff, sizeof(BatonHandoff));
    EXPECT_EQ(sizes.handoff_segment, sizeof(BatonHandoffSegment));
    EXPECT_EQ(sizes.crash_record, sizeof(BatonCrashRecord));
}

TEST(Handoff, MagicsReadAsTextInMemory) {
    Buffer bytes;
    append(bytes, BATON_STAGE2_MAGIC);
    append(bytes, BATON_HANDOFF_MAGIC);
    append(bytes, BATON_CRASH_RECORD_MAGIC);
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    EXPECT_EQ(text, std::string_view("BTSTAGE2HANDOFF\0LSTWORDS", 24));
}

TEST(Handoff, AFieldOfARecordIsFollowedByTheNextWithoutPadding) {
    constexpr BatonHandoff kRecord{};
    EXPECT_EQ(offsetof(BatonHandoff, reserved) + sizeof kRecord.reserved, sizeof kRecord);
}

/// stage2.bin, from the build.
class Stage2Bin : public testing::Test {
  protected:
    void SetUp() override {
        std::ifstream stream(BATON_STAGE2_BIN, std::ios::binary);
        file_.assign(std::istreambuf_iterator<char>(stream), {});
        ASSERT_GE(file_.size(), sizeof header_) << "can't read " BATON_STAGE2_BIN;
        std::memcpy(&header_, file_.data(), sizeof header_);
    }

    std::string file_;
    BatonStage2Header header_{};
};

TEST_F(Stage2Bin, BeginsWithTheHeaderOfThisVersion) {
    EXPECT_EQ(header_.magic, BATON_STAGE2_MAGIC);
    EXPECT_EQ(header_.version_major, BATON_HANDOFF_VERSION_MAJOR);
    EXPECT_EQ(header_.version_minor, BATON_HANDOFF_VERSION_MINOR);
    EXPECT_EQ(header_.header_bytes, sizeof(BatonStage2Header));
}

TEST_F(Stage2Bin, LoadBytesAreTheFileAndFitIntoFivePages) {
    EXPECT_EQ(header_.load_bytes, file_.size());
    EXPECT_LE(header_.load_bytes, 5 * 4096u);
}

TEST_F(Stage2Bin, EntriesLieInTheLoadedBytesBeyondTheHeader) {
    EXPECT_GE(header_.entry64_offset, header_.header_bytes);
    EXPECT_LT(header_.entry64_offset, header_.load_bytes);
    EXPECT_GE(header_.entry32_offset, header_.header_bytes);
    EXPECT_LT(header_.entry32_offset, header_.load_bytes);
}

TEST_F(Stage2Bin, TheBlockIsWholePagesOfWhichTheLastAreWritable) {
    EXPECT_EQ(header_.memory_bytes % 4096, 0u);
    EXPECT_EQ(header_.writable_offset % 4096, 0u);
    EXPECT_GE(header_.writable_offset, header_.load_bytes);
    EXPECT_GT(header_.memory_bytes, header_.writable_offset);
}

TEST_F(Stage2Bin, CrashRecordAreAPageOfWritableMemory) {
    EXPECT_EQ(header_.crash_record_bytes, sizeof(BatonCrashRecord));
    EXPECT_EQ(header_.crash_record_offset % 4096, 0u);
    EXPECT_GE(header_.crash_record_offset, header_.writable_offset);
    EXPECT_LE(header_.crash_record_offset + header_.crash_record_bytes, header_.memory_bytes);
}

TEST_F(Stage2Bin, AlignmentIsAPowerOfTwoOfAtLeastAPage) {
    EXPECT_GE(header_.alignment, 4096u);
    EXPECT_EQ(header_.alignment & (header_.alignment - 1), 0u);
}

} // namespace
} // namespace baton::test

// SPDX-License-Identifier: BSD-2-Clause
#include "loading/file_reader.hpp"

#include "boot/fake_boot.hpp"
#include "support/errors.hpp"
#include "support/fake_frames.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <vector>

namespace baton::test {
namespace {

constexpr uint64_t kError = 0x8000'0000'0000'0007; // EFI_DEVICE_ERROR
constexpr uint64_t kRefused = 0x8000'0000'0000'0002;
constexpr uint64_t kMiB = uint64_t{1} << 20;

/// A driver with all faults that some have. Each byte of the file tells its place.
class FaultyFile final : public DriverFile {
  public:
    explicit FaultyFile(uint64_t bytes) : bytes_(bytes) {}

    uint64_t reopen() override {
        ++opens;
        position_ = 0;
        failed_ = false;
        return cannot_reopen ? kError : 0;
    }
    uint64_t set_position(uint64_t position) override {
        ++seeks;
        position_ = position;
        return seeks == failing_seek ? kError : 0;
    }
    Answer read(std::span<std::byte> into) override {
        ++reads;
        largest_seen = std::max<uint64_t>(largest_seen, into.size());
        const bool is_bad =
            bad_byte && position_ <= *bad_byte && *bad_byte < position_ + into.size();
        const bool reaches = !only_into || (into.data() >= only_into->data() &&
                                            into.data() < only_into->data() + only_into->size());
        if (into.size() > largest_read || !reaches)
            failed_ = true;
        if (reads == failing_read || is_bad)
            failed_ = true;
        const uint64_t left = position_ < bytes_ ? bytes_ - position_ : endless;
        const uint64_t count = std::min({uint64_t{into.size()}, left, at_once});
        for (uint64_t i = 0; i < count; ++i)
            into[i] = at(position_ + i);
        position_ += count;
        // As in EDK II: the bytes are there, and the error of before, too.
        return {failed_ ? (is_bad ? kError : kRefused) : 0, count + said_more};
    }
    static std::byte at(uint64_t place) { return std::byte((place * 7 + (place >> 13)) & 0xff); }

    uint64_t largest_read = ~uint64_t{0};
    std::optional<std::span<std::byte>> only_into; // the memory that it reaches
    std::optional<uint64_t> bad_byte;
    uint64_t at_once = ~uint64_t{0};
    uint64_t said_more = 0;
    uint64_t endless = 0; // bytes that each read gives after the end
    unsigned failing_read = 0, failing_seek = 0;
    bool cannot_reopen = false;

    unsigned opens = 0, reads = 0, seeks = 0;
    uint64_t largest_seen = 0;

  private:
    uint64_t bytes_;
    uint64_t position_ = 0;
    bool failed_ = false; // the handle
};

class FileReaderTest : public testing::Test {
  protected:
    static bool is_right(const Buffer& read, uint64_t offset) {
        for (uint64_t i = 0; i < read.size(); ++i)
            if (read[i] != FaultyFile::at(offset + i))
                return false;
        return true;
    }
    Lines lines_;
    std::array<char, 4096> memory_{};
    Log log_{lines_, {.read = [] { return uint64_t{0}; }, .start = 0, .hz = 0}, memory_};
    FakeFrames frames_;
    FileReader reader_{frames_, log_};
};

TEST_F(FileReaderTest, NoReadIsLargerThanAPiece) {
    constexpr uint64_t kPiece = FileReader::kPieceBytes;
    FaultyFile file(2 * kPiece);
    Buffer into(kPiece + 5);
    ASSERT_EQ(outcome(reader_.read(file, 5, into)), "good");
    EXPECT_TRUE(is_right(into, 5));
    EXPECT_EQ(file.largest_seen, kPiece);
    EXPECT_EQ(file.reads, 2u);
    EXPECT_EQ(file.seeks, 1u);
    EXPECT_EQ(file.opens, 0u);
    EXPECT_TRUE(frames_.requests().empty());
}

TEST_F(FileReaderTest, WhatIsRefusedIsReadInSmallerPiecesThroughANewHandle) {
    for (const uint64_t largest :
         {uint64_t{4096}, uint64_t{65'024}, uint64_t{65'536}, uint64_t{1} << 20}) {
        FaultyFile file(2 * kMiB);
        file.largest_read = largest;
        FileReader reader(frames_, log_);
        Buffer into(kMiB + 12'345);
        ASSERT_EQ(outcome(reader.read(file, 100, into)), "good") << largest;
        EXPECT_TRUE(is_right(into, 100));
        EXPECT_GE(file.opens, 1u);
        EXPECT_LT(file.opens, FileReader::kTries);
        FaultyFile other(2 * kMiB); // what has succeeded is the way from now on
        other.largest_read = largest;
        ASSERT_EQ(outcome(reader.read(other, 0, into)), "good");
        EXPECT_EQ(other.opens, 0u);
    }
}

TEST_F(FileReaderTest, OneFailureCostsNothingButANewHandle) {
    for (unsigned failing = 1; failing <= 3; ++failing) {
        FaultyFile file(kMiB);
        file.at_once = 100'000;
        file.failing_read = failing;
        FileReader reader(frames_, log_);
        Buffer into(300'000);
        ASSERT_EQ(outcome(reader.read(file, 1, into)), "good") << failing;
        EXPECT_TRUE(is_right(into, 1));
        EXPECT_EQ(file.opens, 1u);
    }
    FaultyFile file(kMiB);
    file.failing_seek = 1;
    Buffer into(10);
    ASSERT_EQ(outcome(reader_.read(file, 99, into)), "good");
    EXPECT_TRUE(is_right(into, 99));
}

/// The heap of a test lies above 4 GiB.
TEST_F(FileReaderTest, WhatADriverCannotReachIsReadBelow4GiB) {
    for (const uint64_t largest : {2 * kMiB, uint64_t{1} << 16}) {
        FakeFrames frames;
        FileReader reader(frames, log_);
        FaultyFile probe(10 * kMiB);
        probe.largest_read = 0; // so that the buffer is made
        Buffer into(kMiB + 3);
        EXPECT_FALSE(reader.read(probe, 0, into));
        ASSERT_EQ(frames.blocks().size(), 1u);
        EXPECT_EQ(frames.requests()[0].below, k4GiB);
        FaultyFile file(10 * kMiB);
        file.only_into = {frames.access(frames.blocks()[0].base), frames.blocks()[0].bytes};
        file.largest_read = largest;
        ASSERT_EQ(outcome(reader.read(file, 7, into)), "good");
        EXPECT_TRUE(is_right(into, 7));
        EXPECT_EQ(frames.blocks().size(), 1u);
    }
}

TEST_F(FileReaderTest, WithoutABufferSmallerPiecesAreTried) {
    frames_.run_dry_at(0);
    FaultyFile file(2 * kMiB);
    file.largest_read = 1 << 20;
    Buffer into(kMiB);
    ASSERT_EQ(outcome(reader_.read(file, 7, into)), "good");
    EXPECT_TRUE(is_right(into, 7));
}

TEST_F(FileReaderTest, AnErrorTellsThePieceThatCannotBeRead) {
    FaultyFile file(4 * kMiB);
    file.bad_byte = kMiB + 10'000;
    Buffer into(3 * kMiB);
    const auto read = reader_.read(file, 4096, into);
    ASSERT_TRUE(failed_with(read, ErrorCode::file_unreadable));
    EXPECT_EQ(read.error().numbers()[0], kError);
    EXPECT_LE(read.error().numbers()[1], *file.bad_byte);
    EXPECT_GT(read.error().numbers()[1] + 4096, *file.bad_byte);
    // It is no reason to read other files otherwise.
    FaultyFile other(2 * kMiB);
    ASSERT_TRUE(reader_.read(other, 0, std::span(into).first(kMiB)));
    EXPECT_LE(other.reads, 2u);
}

TEST_F(FileReaderTest, TriesAreBounded) {
    FaultyFile file(kMiB);
    file.largest_read = 0;
    Buffer into(kMiB);
    expect_error(reader_.read(file, 17, into), ErrorCode::file_unreadable, {kRefused, 17});
    EXPECT_EQ(file.reads, FileReader::kTries);
    EXPECT_EQ(file.opens, FileReader::kTries);
    FaultyFile gone(kMiB);
    gone.failing_read = 1;
    gone.cannot_reopen = true;
    expect_error(reader_.read(gone, 3, into), ErrorCode::file_unreadable, {kError, 3});
    EXPECT_EQ(gone.reads, 1u);
}

TEST_F(FileReaderTest, ShortReadsGoOnAndAreSaidOnce) {
    FaultyFile file(100'000);
    file.at_once = 1;
    Buffer into(50'000);
    ASSERT_EQ(outcome(reader_.read(file, 3, into)), "good");
    EXPECT_TRUE(is_right(into, 3));
    EXPECT_EQ(file.seeks, 1u);
    EXPECT_EQ(lines_.all, "[      0 us] the firmware reads only 1 bytes at once\n");
}

TEST_F(FileReaderTest, AFileThatEndsBeforeIsAnErrorThatTellsWhere) {
    FaultyFile file(5000);
    Buffer into(8000);
    expect_error(reader_.read(file, 10, into), ErrorCode::file_read_short, {5000, 3010});
    FaultyFile liar(2 * kMiB);
    liar.said_more = 1;
    expect_error(reader_.read(liar, 10, into), ErrorCode::file_read_short, {10, 8000});
}

TEST_F(FileReaderTest, PositionsBeyond4GiBAreExact) {
    FaultyFile file(uint64_t{6} << 30);
    Buffer into(100'000);
    ASSERT_EQ(outcome(reader_.read(file, (uint64_t{5} << 30) - 50'000, into)), "good");
    EXPECT_TRUE(is_right(into, (uint64_t{5} << 30) - 50'000));
}

TEST_F(FileReaderTest, ASizeThatIsRightCostsOneRead) {
    for (const uint64_t bytes : {uint64_t{0}, uint64_t{1}, uint64_t{5} << 30}) {
        FaultyFile file(bytes);
        EXPECT_EQ(reader_.size(file, bytes, ~uint64_t{0}), bytes);
        EXPECT_EQ(file.reads, 1u);
    }
}

TEST_F(FileReaderTest, ASizeThatIsTooSmallIsMeasured) {
    const uint64_t bytes = 5'000'001;
    for (const uint64_t reported :
         {uint64_t{0}, uint64_t{1}, bytes - 1, uint64_t{1} << 63, ~uint64_t{0}})
        for (const uint64_t largest : {~uint64_t{0}, uint64_t{65'536}}) {
            FaultyFile file(bytes);
            file.largest_read = largest;
            FileReader reader(frames_, log_);
            EXPECT_EQ(reader.size(file, reported, 2 * bytes), bytes) << reported;
        }
    EXPECT_NE(lines_.all.find("says that a file has 1 bytes, and it has 5000001"),
              std::string::npos);
}

TEST_F(FileReaderTest, ASizeThatIsTooLargeFailsWhenItIsRead) {
    FaultyFile file(1000);
    EXPECT_EQ(reader_.size(file, 5000, 9999), 5000u);
    Buffer into(5000);
    expect_error(reader_.read(file, 0, into), ErrorCode::file_read_short, {1000, 4000});
}

TEST_F(FileReaderTest, AFileWithoutAnEndIsReadNoFurtherThanItMayBeLarge) {
    FaultyFile file(0);
    file.endless = kMiB;
    const auto size = reader_.size(file, 0, 3 * kMiB);
    ASSERT_TRUE(size);
    EXPECT_GT(*size, 3 * kMiB);
    EXPECT_LE(*size, 4 * kMiB);
    FaultyFile slow(0);
    slow.endless = 1;
    const auto unknown = reader_.size(slow, 0, ~uint64_t{0});
    ASSERT_TRUE(failed_with(unknown, ErrorCode::file_size_unknown));
    EXPECT_LT(slow.reads, 100'000u);
}

TEST_F(FileReaderTest, ADriverThatOnlySaysThatThereIsMoreIsNotBelieved) {
    FaultyFile file(1000);
    file.said_more = 1;
    EXPECT_EQ(reader_.size(file, 1000, 9999), 1000u);
}

TEST_F(FileReaderTest, AFileWhoseEndCannotBeReadHasTheSizeThatIsReported) {
    FaultyFile file(1000);
    file.failing_read = 1;
    EXPECT_EQ(reader_.size(file, 1000, 9999), 1000u);
    EXPECT_EQ(file.opens, 1u);
    Buffer into(1000);
    EXPECT_TRUE(reader_.read(file, 0, into));
    FaultyFile measured(1000);
    measured.failing_read = 1;
    EXPECT_EQ(reader_.size(measured, 0, 9999), 1000u);
    FaultyFile unreadable(1000);
    unreadable.largest_read = 0;
    EXPECT_EQ(reader_.size(unreadable, 1000, 9999), 1000u);
    expect_error(reader_.size(unreadable, 0, 9999), ErrorCode::file_unreadable, {kRefused, 0});
}

} // namespace
} // namespace baton::test

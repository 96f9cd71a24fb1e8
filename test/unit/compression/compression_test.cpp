// SPDX-License-Identifier: BSD-2-Clause
#include "compression/compression.hpp"

#include "compression/samples.hpp"
#include "support/errors.hpp"
#include "tools/baton/heap_arena.hpp"

#include <gtest/gtest.h>
#include <initializer_list>
#include <string>
#include <vector>

namespace baton::test {
namespace {

/// A file and the decompressor that takes it apart.
class Compressed {
  public:
    explicit Compressed(Buffer file)
        : file_(std::move(file)),
          decompressor_(Decompressor::create(compression_of(file_), arena_).value()) {}

    Result<ContentSize> content_size() { return decompressor_.content_size(file_); }
    Result<Buffer> decompress(std::size_t room) {
        Buffer content(room);
        const auto bytes = decompressor_.decompress(file_, content);
        if (!bytes)
            return std::unexpected(bytes.error());
        content.resize(*bytes);
        return content;
    }

  private:
    Buffer file_;
    HeapArena arena_;
    Decompressor decompressor_;
};

class DecompressorTest : public SampleTest {};
class ChecksumTest : public SampleTest {};

TEST_P(DecompressorTest, GivesWhatWasCompressed) {
    Compressed compressed(file_);
    const auto size = compressed.content_size();
    ASSERT_TRUE(size);
    EXPECT_GE(size->bytes, plain_.size());
    EXPECT_LT(size->bytes, plain_.size() + (8 << 20)); // not by far: it is allocated
    const auto content = compressed.decompress(size->bytes);
    ASSERT_EQ(outcome(content), "good");
    EXPECT_TRUE(*content == plain_);
}

TEST_P(DecompressorTest, KnowsAnExactSize) {
    const auto size = Compressed(file_).content_size();
    ASSERT_TRUE(size);
    EXPECT_TRUE(!size->exact || size->bytes == plain_.size());
    const std::string_view name = GetParam();
    const bool is_told = !name.starts_with("unsized") && !name.starts_with("linked") &&
                         name != "one.zst" && name != "small.lz4" && name != "frames.lz4";
    EXPECT_EQ(size->exact, is_told);
}

TEST_P(DecompressorTest, RefusesAFileThatIsCutOff) {
    for (const std::size_t left : {std::size_t{5}, std::size_t{8}, std::size_t{19},
                                   file_.size() / 3, file_.size() / 2, file_.size() - 1}) {
        Compressed compressed(Buffer(file_.begin(), file_.begin() + static_cast<int>(left)));
        const auto content = compressed.decompress(plain_.size() + 1);
        EXPECT_TRUE(failed_with(content, ErrorCode::compressed_data_damaged)) << left;
    }
}

TEST_P(DecompressorTest, RefusesRoomThatIsTooSmall) {
    for (const std::size_t room : {std::size_t{0}, std::size_t{1}, plain_.size() - 1})
        EXPECT_TRUE(
            failed_with(Compressed(file_).decompress(room), ErrorCode::compressed_data_damaged))
            << room;
}

/// Where there is no checksum nothing of the kind is promised.
TEST_P(ChecksumTest, RefusesADamagedFile) {
    for (std::size_t i = 0; i < 64; ++i) {
        Buffer damaged = file_;
        damaged[6 + i * (damaged.size() - 6) / 64] ^= std::byte{0x10};
        const auto content = Compressed(damaged).decompress(plain_.size());
        // Bits of a header may mean nothing.
        EXPECT_TRUE(!content || *content == plain_) << i;
        EXPECT_TRUE(!content || i == 0) << i;
    }
}

INSTANTIATE_TEST_SUITE_P(Zstd, DecompressorTest,
                         testing::Values("sized.zst", "fast.zst", "unsized.zst", "one.zst",
                                         "unsized_long.zst", "frames.zst", "skippable.zst"),
                         test_name_of);
INSTANTIATE_TEST_SUITE_P(Lz4, DecompressorTest,
                         testing::Values("sized.lz4", "unsized.lz4", "linked.lz4", "small.lz4",
                                         "frames.lz4", "skippable.lz4"),
                         test_name_of);
INSTANTIATE_TEST_SUITE_P(Zstd, ChecksumTest, testing::Values("sized.zst", "unsized.zst"),
                         test_name_of);
INSTANTIATE_TEST_SUITE_P(Lz4, ChecksumTest, testing::Values("sized.lz4", "unsized.lz4"),
                         test_name_of);

class LengthsTest : public SampleTest {};

TEST_P(LengthsTest, HaveAChecksumThatFits) {
    const Buffer plain = sample("lengths");
    const auto content = Compressed(file_).decompress(plain.size());
    ASSERT_EQ(outcome(content), "good");
    EXPECT_TRUE(*content == plain);
}

TEST_P(LengthsTest, EndNowhereElse) {
    HeapArena arena;
    const auto decompressor = Decompressor::create(compression_of(file_), arena).value();
    Buffer content(sample("lengths").size());
    unsigned ends = 0;
    for (std::size_t left = 1; left <= file_.size(); ++left) {
        const Bytes begin = Bytes(file_).first(left);
        const auto size = decompressor.content_size(begin);
        const auto bytes = decompressor.decompress(begin, content);
        ASSERT_EQ(size.has_value(), bytes.has_value()) << left;
        EXPECT_TRUE(bytes || failed_with(bytes, ErrorCode::compressed_data_damaged)) << left;
        ends += bytes ? 1 : 0;
    }
    EXPECT_EQ(ends, 72); // of a frame each
}

INSTANTIATE_TEST_SUITE_P(Zstd, LengthsTest, testing::Values("lengths.zst"), test_name_of);
INSTANTIATE_TEST_SUITE_P(Lz4, LengthsTest, testing::Values("lengths.lz4"), test_name_of);

/// A frame's magic number, its header, and what follows, as what is in it; or "damaged" and the
/// library's error.
std::string contents(std::initializer_list<int> magic, std::initializer_list<int> header,
                     const std::vector<int>& rest) {
    Buffer file;
    for (const auto part :
         {std::span<const int>(magic), std::span<const int>(header), std::span<const int>(rest)})
        for (const int byte : part)
            file.push_back(static_cast<std::byte>(byte));
    Compressed compressed(file);
    const auto content = compressed.decompress(100);
    if (!content)
        return failed_with(content, ErrorCode::compressed_data_damaged)
                   ? "damaged " + std::to_string(content.error().numbers()[0])
                   : "?";
    const auto size = compressed.content_size();
    EXPECT_TRUE(size && size->bytes >= content->size());
    return {reinterpret_cast<const char*>(content->data()), content->size()};
}

/// By RFC 8878, section 3.1.1. Errors are those of zstd_errors.h.
class ZstdFrameTest : public testing::Test {
  protected:
    void SetUp() override {
        if (!Decompressor::available(Compression::zstd))
            GTEST_SKIP() << "built without zstd";
    }
    static std::string frame(std::initializer_list<int> header, const std::vector<int>& rest) {
        return contents({0x28, 0xb5, 0x2f, 0xfd}, header, rest);
    }

    static constexpr const char* kUnsupported = "damaged 14";
    static constexpr const char* kWindowTooLarge = "damaged 16";
    static constexpr const char* kDamaged = "damaged 20";
    static constexpr const char* kWrongChecksum = "damaged 22";
    static constexpr const char* kWrongDictionary = "damaged 32";
    static constexpr const char* kTooLarge = "damaged 70";
    static constexpr const char* kCutShort = "damaged 72";
    const std::vector<int> raw_ = {0x21, 0, 0, 'a', 'b', 'c', 'd'}; // the last block, of 4 bytes
};

TEST_F(ZstdFrameTest, HasBlocksOfEachType) {
    EXPECT_EQ(frame({0x20, 4}, raw_), "abcd");
    EXPECT_EQ(frame({0x20, 5}, {0x2b, 0, 0, 'x'}), "xxxxx");
    EXPECT_EQ(frame({0x20, 7}, {0x20, 0, 0, 'a', 'b', 'c', 'd', 0x1b, 0, 0, 'x'}), "abcdxxx");
    EXPECT_EQ(frame({0x20, 0}, {0x01, 0, 0}), "");
    EXPECT_EQ(frame({0x20, 4}, {0x27, 0, 0, 'a', 'b', 'c', 'd'}), kDamaged); // "Reserved"
}

/// After raw blocks, one that repeats what they have: no literals, and a sequence.
TEST_F(ZstdFrameTest, RefersToBlocksThatAreNotCompressed) {
    const std::vector<int> copied = {0x20, 0, 0, 'a', 'b', 'c',  'd', 0x1a, 0, 0, 'x',
                                     0x3d, 0, 0, 0,   1,   0x54, 0,   2,    1, 7};
    EXPECT_EQ(frame({0x00, 0}, copied), "abcdxxxdxxx");
}

TEST_F(ZstdFrameTest, HasAHeaderThatIsChecked) {
    EXPECT_EQ(frame({0x28, 4}, raw_), kUnsupported); // "Reserved_bit"
    EXPECT_EQ(frame({0x30, 4}, raw_), "abcd");       // "Unused_bit"
    EXPECT_EQ(frame({0x00, 0xa8}, raw_), "abcd");    // a window of 2 GiB, as by --long=31
    EXPECT_EQ(frame({0x00, 0xb0}, raw_), kWindowTooLarge);
    EXPECT_EQ(frame({0x20}, {}), kCutShort);
    EXPECT_EQ(frame({0x00}, {}), kCutShort);
}

TEST_F(ZstdFrameTest, HasASizeOfSeveralWidths) {
    EXPECT_EQ(frame({0x20, 5}, raw_), kDamaged);
    EXPECT_EQ(frame({0x80, 0, 4, 0, 0, 0}, raw_), "abcd");
    EXPECT_EQ(frame({0xc0, 0, 4, 0, 0, 0, 0, 0, 0, 0}, raw_), "abcd");
    EXPECT_EQ(frame({0xc0, 0, 4, 0, 0, 0, 0, 0, 0, 1}, raw_), kDamaged);
    EXPECT_EQ(frame({0x60, 0, 0}, {0x03, 8, 0, 'x'}), kTooLarge); // 256, and `into` has 100
    EXPECT_EQ(frame({0x60, 4, 0}, raw_), kDamaged);               // 260
}

TEST_F(ZstdFrameTest, NeedsNoDictionary) {
    EXPECT_EQ(frame({0x21, 0, 4}, raw_), "abcd");
    EXPECT_EQ(frame({0x22, 0, 0, 4}, raw_), "abcd");
    EXPECT_EQ(frame({0x23, 0, 0, 0, 0, 4}, raw_), "abcd");
    EXPECT_EQ(frame({0x21, 7, 4}, raw_), kWrongDictionary);
    EXPECT_EQ(frame({0x22, 0, 1, 4}, raw_), kWrongDictionary);
    EXPECT_EQ(frame({0x23, 0, 0, 0, 1, 4}, raw_), kWrongDictionary);
}

TEST_F(ZstdFrameTest, HasNoBlockLargerThanItsWindow) {
    EXPECT_EQ(frame({0x20, 3}, raw_), kTooLarge);
    EXPECT_EQ(frame({0x00, 0}, {0x03, 0x20, 0, 'x'}), kTooLarge); // 1024, and `into` has 100
    EXPECT_EQ(frame({0x00, 0}, {0x0b, 0x20, 0, 'x'}), kTooLarge); // 1025
    const std::vector<int> nine = {0x20, 0, 0, 'a',  'b', 'c', 'd', 0x3d, 0,
                                   0,    0, 1, 0x54, 0,   2,   6,   7};
    EXPECT_EQ(frame({0x20, 13}, nine), "abcdabcdabcda");
    EXPECT_EQ(frame({0x20, 8}, nine), kTooLarge);
}

TEST_F(ZstdFrameTest, MayHaveAChecksum) {
    std::vector<int> checked = raw_;
    checked.insert(checked.end(), {0xcc, 0x92, 0x5d, 0xd2});
    EXPECT_EQ(frame({0x24, 4}, checked), "abcd");
    checked.back() ^= 1;
    EXPECT_EQ(frame({0x24, 4}, checked), kWrongChecksum);
    checked.pop_back();
    EXPECT_EQ(frame({0x24, 4}, checked), kCutShort);
}

TEST_F(ZstdFrameTest, IsFollowedByNothingElse) {
    std::vector<int> followed = raw_;
    followed.insert(followed.end(), {0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0});
    EXPECT_EQ(frame({0x20, 4}, followed), kCutShort);
    followed.push_back(0);
    EXPECT_EQ(frame({0x20, 4}, followed), "abcd");
    followed.insert(followed.end(), {1, 2, 3, 4});
    EXPECT_EQ(frame({0x20, 4}, followed), "damaged 10");
}

class Lz4FrameTest : public testing::Test {
  protected:
    void SetUp() override {
        if (!Decompressor::available(Compression::lz4))
            GTEST_SKIP() << "built without LZ4";
    }
    static std::string frame(std::initializer_list<int> descriptor, const std::vector<int>& rest) {
        const std::string content = contents({0x04, 0x22, 0x4d, 0x18}, descriptor, rest);
        return content.substr(0, content.find(' '));
    }

    const std::vector<int> stored_ = {4, 0, 0, 0x80, 'a', 'b', 'c', 'd', 0, 0, 0, 0};
};

TEST_F(Lz4FrameTest, MayHaveABlockThatIsStored) {
    EXPECT_EQ(frame({0x60, 0x40, 0x82}, stored_), "abcd");
    EXPECT_EQ(frame({0x61, 0x40, 7, 0, 0, 0, 0xe3}, stored_), "abcd"); // names a dictionary
}

TEST_F(Lz4FrameTest, HasADescriptorThatIsChecked) {
    EXPECT_EQ(frame({0x60, 0x40, 0x83}, stored_), "damaged"); // the checksum
    EXPECT_EQ(frame({0xa0, 0x40, 0x0f}, stored_), "damaged"); // version 2
    EXPECT_EQ(frame({0x62, 0x40, 0xf0}, stored_), "damaged"); // what is reserved
    EXPECT_EQ(frame({0x60, 0x41, 0xbd}, stored_), "damaged");
    EXPECT_EQ(frame({0x60, 0xc0, 0x2a}, stored_), "damaged");
    EXPECT_EQ(frame({0x60, 0x30, 0xd4}, stored_), "damaged"); // a size that blocks can't have
}

TEST_F(Lz4FrameTest, HasTheSizeThatItSays) {
    EXPECT_EQ(frame({0x68, 0x40, 4, 0, 0, 0, 0, 0, 0, 0, 0xcd}, stored_), "abcd");
    EXPECT_EQ(frame({0x68, 0x40, 5, 0, 0, 0, 0, 0, 0, 0, 0x61}, stored_), "damaged");
}

TEST_F(Lz4FrameTest, MayHaveAChecksumForEachBlock) {
    std::vector<int> checked = {4,    0,    0,    0x80, 'a', 'b', 'c', 'd',
                                0x05, 0x37, 0x64, 0xa3, 0,   0,   0,   0};
    EXPECT_EQ(frame({0x70, 0x40, 0xad}, checked), "abcd");
    checked[8] ^= 1;
    EXPECT_EQ(frame({0x70, 0x40, 0xad}, checked), "damaged");
}

TEST_F(Lz4FrameTest, RefersBackOnlyWhereBlocksDepend) {
    const std::vector<int> copied = {4, 0, 0,    0x80, 'a', 'b', 'c', 'd', 9, 0, 0, 0, 0,
                                     4, 0, 0x50, 'v',  'w', 'x', 'y', 'z', 0, 0, 0, 0};
    EXPECT_EQ(frame({0x40, 0x40, 0xc0}, copied), "abcdabcdvwxyz");
    EXPECT_EQ(frame({0x60, 0x40, 0x82}, copied), "damaged");
}

TEST_F(Lz4FrameTest, HasNoBlockThatIsTooLarge) {
    std::vector<int> large(4 + 0x10001, 'x'); // 64 KiB and a byte
    large[0] = 1;
    large[1] = 0;
    large[2] = 1;
    large[3] = 0x80;
    EXPECT_EQ(frame({0x60, 0x40, 0x82}, large), "damaged");
}

TEST(Compression, IsKnownByItsMagicNumber) {
    EXPECT_EQ(compression_of(sample("sized.zst")), Compression::zstd);
    EXPECT_EQ(compression_of(sample("sized.lz4")), Compression::lz4);
    EXPECT_EQ(compression_of(sample("plain")), Compression::none);
    EXPECT_EQ(compression_of(Buffer(3, std::byte{0x28})), Compression::none);
}

TEST(Compression, HasSuffixesThatAreNoPartOfAName) {
    EXPECT_EQ(without_compression_suffix("\\a\\kernel.elf.zst"), "\\a\\kernel.elf");
    EXPECT_EQ(without_compression_suffix("initrd.lz4"), "initrd");
    EXPECT_EQ(without_compression_suffix("a.zst.txt"), "a.zst.txt");
    EXPECT_EQ(without_compression_suffix("a.lz4.zst"), "a.lz4");
    EXPECT_EQ(without_compression_suffix("kernel.elf"), "kernel.elf");
    EXPECT_EQ(without_compression_suffix(".zst"), ".zst");
}

} // namespace
} // namespace baton::test

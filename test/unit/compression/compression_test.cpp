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
                         name != "small.lz4" && name != "frames.lz4";
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
                         testing::Values("sized.zst", "fast.zst", "unsized.zst", "frames.zst",
                                         "skippable.zst"),
                         test_name_of);
INSTANTIATE_TEST_SUITE_P(Lz4, DecompressorTest,
                         testing::Values("sized.lz4", "unsized.lz4", "linked.lz4", "small.lz4",
                                         "frames.lz4", "skippable.lz4"),
                         test_name_of);
INSTANTIATE_TEST_SUITE_P(Zstd, ChecksumTest, testing::Values("sized.zst", "unsized.zst"),
                         test_name_of);
INSTANTIATE_TEST_SUITE_P(Lz4, ChecksumTest, testing::Values("sized.lz4", "unsized.lz4"),
                         test_name_of);

/// An LZ4 frame: its descriptor with its checksum, and what follows.
class Lz4FrameTest : public testing::Test {
  protected:
    void SetUp() override {
        if (!Decompressor::available(Compression::lz4))
            GTEST_SKIP() << "built without LZ4";
    }
    static std::string contents(std::initializer_list<int> descriptor,
                                const std::vector<int>& rest) {
        Buffer file;
        for (const int byte : {0x04, 0x22, 0x4d, 0x18})
            file.push_back(static_cast<std::byte>(byte));
        for (const int byte : descriptor)
            file.push_back(static_cast<std::byte>(byte));
        for (const int byte : rest)
            file.push_back(static_cast<std::byte>(byte));
        const auto content = Compressed(file).decompress(100);
        if (!content)
            return failed_with(content, ErrorCode::compressed_data_damaged) ? "damaged" : "?";
        return {reinterpret_cast<const char*>(content->data()), content->size()};
    }

    const std::vector<int> stored_ = {4, 0, 0, 0x80, 'a', 'b', 'c', 'd', 0, 0, 0, 0};
};

TEST_F(Lz4FrameTest, MayHaveABlockThatIsStored) {
    EXPECT_EQ(contents({0x60, 0x40, 0x82}, stored_), "abcd");
    EXPECT_EQ(contents({0x61, 0x40, 7, 0, 0, 0, 0xe3}, stored_), "abcd"); // names a dictionary
}

TEST_F(Lz4FrameTest, HasADescriptorThatIsChecked) {
    EXPECT_EQ(contents({0x60, 0x40, 0x83}, stored_), "damaged"); // the checksum
    EXPECT_EQ(contents({0xa0, 0x40, 0x0f}, stored_), "damaged"); // version 2
    EXPECT_EQ(contents({0x62, 0x40, 0xf0}, stored_), "damaged"); // what is reserved
    EXPECT_EQ(contents({0x60, 0x41, 0xbd}, stored_), "damaged");
    EXPECT_EQ(contents({0x60, 0xc0, 0x2a}, stored_), "damaged");
    EXPECT_EQ(contents({0x60, 0x30, 0xd4}, stored_), "damaged"); // a size that blocks can't have
}

TEST_F(Lz4FrameTest, HasTheSizeThatItSays) {
    EXPECT_EQ(contents({0x68, 0x40, 4, 0, 0, 0, 0, 0, 0, 0, 0xcd}, stored_), "abcd");
    EXPECT_EQ(contents({0x68, 0x40, 5, 0, 0, 0, 0, 0, 0, 0, 0x61}, stored_), "damaged");
}

TEST_F(Lz4FrameTest, MayHaveAChecksumForEachBlock) {
    std::vector<int> checked = {4,    0,    0,    0x80, 'a', 'b', 'c', 'd',
                                0x05, 0x37, 0x64, 0xa3, 0,   0,   0,   0};
    EXPECT_EQ(contents({0x70, 0x40, 0xad}, checked), "abcd");
    checked[8] ^= 1;
    EXPECT_EQ(contents({0x70, 0x40, 0xad}, checked), "damaged");
}

TEST_F(Lz4FrameTest, RefersBackOnlyWhereBlocksDepend) {
    const std::vector<int> copied = {4, 0, 0,    0x80, 'a', 'b', 'c', 'd', 9, 0, 0, 0, 0,
                                     4, 0, 0x50, 'v',  'w', 'x', 'y', 'z', 0, 0, 0, 0};
    EXPECT_EQ(contents({0x40, 0x40, 0xc0}, copied), "abcdabcdvwxyz");
    EXPECT_EQ(contents({0x60, 0x40, 0x82}, copied), "damaged");
}

TEST_F(Lz4FrameTest, HasNoBlockThatIsTooLarge) {
    std::vector<int> large(4 + 0x10001, 'x'); // 64 KiB and a byte
    large[0] = 1;
    large[1] = 0;
    large[2] = 1;
    large[3] = 0x80;
    EXPECT_EQ(contents({0x60, 0x40, 0x82}, large), "damaged");
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

// SPDX-License-Identifier: BSD-2-Clause
#include "compression/compression.hpp"

#include "compression/samples.hpp"
#include "support/errors.hpp"
#include "tools/baton/heap_arena.hpp"

#include <gtest/gtest.h>
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

// SPDX-License-Identifier: BSD-2-Clause
#include "loading/decompressed_file.hpp"

#include "compression/samples.hpp"
#include "support/errors.hpp"
#include "support/fake_frames.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace baton::test {
namespace {

class SampleFile final : public FileSource {
  public:
    explicit SampleFile(const std::string& name) : bytes_(sample(name)) {}
    Result<uint64_t> size() override { return bytes_.size(); }
    Result<void> read(uint64_t offset, std::span<std::byte> into) override {
        ++reads;
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), into.size(),
                    into.begin());
        return {};
    }
    int reads = 0;

  private:
    Buffer bytes_;
};

class DecompressedFileTest : public SampleTest {
  protected:
    SampleFile file_{GetParam()};
    FakeFrames frames_;
};
class EmptyContentTest : public DecompressedFileTest {};

TEST_P(DecompressedFileTest, ReadsAsTheFileThatItWas) {
    auto content = DecompressedFile::open(file_, frames_);
    ASSERT_EQ(outcome(content), "good");
    EXPECT_EQ(*content->size(), plain_.size());
    for (const auto& [offset, bytes] :
         {std::pair<std::size_t, std::size_t>{0, 64}, {100'000, 70'000}, {plain_.size() - 1, 1}}) {
        Buffer into(bytes);
        ASSERT_TRUE(content->read(offset, into));
        EXPECT_TRUE(std::equal(into.begin(), into.end(),
                               plain_.begin() + static_cast<std::ptrdiff_t>(offset)))
            << offset;
    }
    Buffer all(plain_.size());
    ASSERT_TRUE(content->read(0, all));
    EXPECT_TRUE(all == plain_);
    EXPECT_EQ(file_.reads, 1);
}

TEST_P(DecompressedFileTest, CostsNoSecondCopyReadAsAWhole) {
    auto content = DecompressedFile::open(file_, frames_);
    ASSERT_TRUE(content);
    const std::size_t blocks = frames_.blocks().size();
    Buffer all(plain_.size());
    ASSERT_TRUE(content->read(0, all));
    EXPECT_TRUE(all == plain_);
    EXPECT_EQ(frames_.blocks().size(), blocks);
}

TEST_P(DecompressedFileTest, SaysWhenMemoryRunsOut) {
    // The file, its content, and a workspace, which LZ4 has no need of.
    const uint64_t calls = std::string_view(GetParam()).ends_with(".lz4") ? 2 : 3;
    for (uint64_t call = 0; call < calls; ++call) {
        FakeFrames frames;
        frames.run_dry_at(call);
        auto content = DecompressedFile::open(file_, frames);
        Buffer part(1);
        const auto result = content ? content->read(0, part) : std::unexpected(content.error());
        EXPECT_TRUE(failed_with(result, ErrorCode::out_of_memory)) << call;
    }
}

TEST_P(EmptyContentTest, IsContentOf0Bytes) {
    auto content = DecompressedFile::open(file_, frames_);
    ASSERT_EQ(outcome(content), "good");
    EXPECT_EQ(content->size(), 0u);
    EXPECT_TRUE(content->read(0, {}));
}

INSTANTIATE_TEST_SUITE_P(Zstd, DecompressedFileTest, testing::Values("sized.zst", "unsized.zst"),
                         test_name_of);
INSTANTIATE_TEST_SUITE_P(Lz4, DecompressedFileTest, testing::Values("sized.lz4", "unsized.lz4"),
                         test_name_of);
INSTANTIATE_TEST_SUITE_P(Zstd, EmptyContentTest, testing::Values("nothing.zst"), test_name_of);
INSTANTIATE_TEST_SUITE_P(Lz4, EmptyContentTest, testing::Values("nothing.lz4"), test_name_of);

class EmptyFile final : public FileSource {
  public:
    Result<uint64_t> size() override { return 0; }
    Result<void> read(uint64_t, std::span<std::byte>) override { return {}; }
};

TEST(DecompressedFile, RefusesAFileWithoutBytes) {
    FakeFrames frames;
    EmptyFile file;
    EXPECT_TRUE(failed_with(DecompressedFile::open(file, frames), ErrorCode::file_empty));
}

TEST(DecompressedFile, RefusesWhatIsNotCompressed) {
    FakeFrames frames;
    SampleFile file("plain");
    EXPECT_TRUE(failed_with(DecompressedFile::open(file, frames), ErrorCode::compression_unknown));
}

} // namespace
} // namespace baton::test

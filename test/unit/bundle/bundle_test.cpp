// SPDX-License-Identifier: BSD-2-Clause
#include "bundle/bundle.hpp"

#include "support/errors.hpp"
#include "support/pe_builder.hpp"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace baton::test {
namespace {

using enum Bundle::Form;

class BundleIn : public testing::TestWithParam<Bundle::Form> {
  public:
    Result<Bundle> read() {
        image_ = builder_.make(GetParam());
        return Bundle::read(image_, GetParam());
    }
    Result<Bundle> read_with(std::string_view index) {
        builder_.sections[6].content = index;
        builder_.place();
        return read();
    }
    PeSection& section(std::string_view name) {
        return *std::ranges::find(builder_.sections, name, &PeSection::name);
    }
    void expect_damaged(BundleCheck check, std::string_view subject) {
        expect_damaged(read(), check, subject);
    }
    static void expect_damaged(const Result<Bundle>& bundle, BundleCheck check,
                               std::string_view subject) {
        ASSERT_TRUE(failed_with(bundle, ErrorCode::bundle_damaged)) << outcome(bundle);
        EXPECT_EQ(bundle.error().numbers()[0], static_cast<uint64_t>(check)) << bundle.error();
        EXPECT_EQ(bundle.error().subject(), subject);
    }

    PeBuilder builder_ = [] {
        PeBuilder builder;
        builder.add(".sbat", "sbat,1")
            .add(".other", "another program's")
            .add(".osrel", "NAME=x")
            .add(".entry", "kernel /k")
            .add(".entry7", "kernel /l")
            .add(".files", ".kernel \\k\n.mod0 \\a b.img\n.mod999 \\empty\n")
            .add(".kernel", "the kernel")
            .add(".mod0", std::string(5000, 'm'))
            .add(".mod999", "")
            .add(".reloc", "r");
        builder.place();
        return builder;
    }();
    Buffer image_;
};

std::string text(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST_P(BundleIn, GivesFilesByPath) {
    const auto bundle = read();
    ASSERT_TRUE(bundle) << outcome(bundle);
    EXPECT_TRUE(bundle->has_entry() && bundle->has_index() && bundle->has_content());
    EXPECT_EQ(text(bundle->file("\\k")->bytes), "the kernel");
    EXPECT_EQ(bundle->file("\\k")->section, ".kernel");
    EXPECT_EQ(text(bundle->file("\\a b.img")->bytes), std::string(5000, 'm'));
    EXPECT_TRUE(bundle->file("\\empty")->bytes.empty());
    for (const auto* const path : {"\\K", "k", "\\k.", "", ".kernel", "\\a"})
        EXPECT_FALSE(bundle->file(path)) << path;
}

TEST_P(BundleIn, GivesSectionsInTheTablesOrder) {
    const auto bundle = read();
    ASSERT_TRUE(bundle);
    std::string names;
    for (std::size_t i = 0; i < bundle->section_count(); ++i)
        names.append(bundle->section(i).name).append(" ");
    EXPECT_EQ(names, " .sbat  .osrel .entry .entry7 .files .kernel .mod0 .mod999  ");
    EXPECT_EQ(text(bundle->section(".entry7").bytes), "kernel /l");
    for (const auto* const name : {".text", ".other", ".mod1", ".entry1", ""})
        EXPECT_TRUE(bundle->section(name).name.empty()) << name;
    std::string paths;
    for (auto rest = bundle->index(); const auto file = bundle->next_file(rest);)
        paths.append(file->path).append(" ");
    EXPECT_EQ(paths, "\\k \\a b.img \\empty ");
}

TEST_P(BundleIn, IsNoneWithoutEntryAndIndex) {
    builder_.sections = {{.name = ".text", .content = "code"}};
    builder_.add(".sbat", "sbat,1").add(".entry0", "x").add(".entry8", "x").add(".mod01", "x");
    builder_.add(".mod1000", "x").add(".mod", "x").add(".entryx", "x").add(".Files", "x");
    builder_.place();
    const auto bundle = read();
    ASSERT_TRUE(bundle) << outcome(bundle);
    EXPECT_FALSE(bundle->has_content() || bundle->has_entry() || bundle->has_index());
    EXPECT_TRUE(bundle->section(".mod01").name.empty());
    EXPECT_FALSE(bundle->file("\\k"));
}

TEST_P(BundleIn, MayHaveAnEmptyIndex) {
    const auto bundle = read_with("");
    ASSERT_TRUE(bundle) << outcome(bundle);
    EXPECT_TRUE(bundle->has_index());
    EXPECT_FALSE(bundle->file("\\k"));
}

TEST_P(BundleIn, RefusesHeadersThatEndAfterTheImage) {
    const Buffer whole = builder_.make(GetParam());
    for (std::size_t bytes = 0; bytes < PeBuilder::kTableAt + 40 * builder_.sections.size();
         ++bytes) {
        const Buffer cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(bytes));
        expect_damaged(Bundle::read(cut, GetParam()), BundleCheck::headers, "");
    }
    for (const std::size_t at :
         {std::size_t{0}, std::size_t{PeBuilder::kPeAt}, std::size_t{0x3f}}) {
        Buffer spoilt = whole;
        spoilt[at] ^= std::byte{0xff};
        expect_damaged(Bundle::read(spoilt, GetParam()), BundleCheck::headers, "");
    }
}

TEST_P(BundleIn, RefusesSectionsThatOverlap) {
    section(".kernel").bytes = section(".kernel").file_bytes = 0x1001;
    section(".kernel").content.resize(0x1001);
    expect_damaged(BundleCheck::order, ".mod0");
}

TEST_P(BundleIn, RefusesASectionOverTheHeaders) {
    section(".text").name = ".mod1";
    section(".mod1").address = section(".mod1").file_offset = PeBuilder::kTableAt + 40;
    section(".mod1").content.clear();
    expect_damaged(BundleCheck::order, ".mod1");
}

TEST_P(BundleIn, TakesAnyOrderOfOtherPrograms) {
    builder_.sections = {};
    builder_.add(".b", "code").add(".a", "data").add(".kernel", "k");
    builder_.place();
    std::swap(builder_.sections[0].address, builder_.sections[1].address);
    std::swap(builder_.sections[0].file_offset, builder_.sections[1].file_offset);
    EXPECT_TRUE(read());
    std::swap(builder_.sections[1].address, builder_.sections[2].address);
    std::swap(builder_.sections[1].file_offset, builder_.sections[2].file_offset);
    expect_damaged(BundleCheck::order, ".kernel");
}

TEST_P(BundleIn, RefusesASectionAfterTheImage) {
    section(".reloc").name = ".mod1";
    image_ = builder_.make(GetParam());
    EXPECT_TRUE(Bundle::read(image_, GetParam()));
    image_.pop_back();
    image_.shrink_to_fit();
    expect_damaged(Bundle::read(image_, GetParam()), BundleCheck::bounds, ".mod1");
    // Offsets of 32 bits whose sum needs 33.
    const std::size_t header = PeBuilder::kTableAt + 40 * (builder_.sections.size() - 1);
    std::memset(image_.data() + header + 8, 0xff, 16);
    expect_damaged(Bundle::read(image_, GetParam()), BundleCheck::bounds, ".mod1");
}

TEST_P(BundleIn, RefusesASectionWithFewerBytesInTheFile) {
    section(".osrel").file_bytes = 5;
    expect_damaged(BundleCheck::file_bytes, ".osrel");
    section(".osrel").file_bytes = 6;
    EXPECT_TRUE(read());
}

TEST_P(BundleIn, RefusesANameThatOccursTwice) {
    for (const auto* const name :
         {".sbat", ".osrel", ".entry", ".entry7", ".files", ".kernel", ".mod999"}) {
        section(".other").name = name;
        image_ = builder_.make(GetParam());
        EXPECT_TRUE(failed_with(Bundle::read(image_, GetParam()), ErrorCode::bundle_damaged));
        builder_.sections[2].name = ".other";
    }
    section(".other").name = ".mod0";
    expect_damaged(BundleCheck::section_once, ".mod0");
}

TEST_P(BundleIn, RefusesAnIndexWithAnotherForm) {
    for (const auto* const index :
         {".kernel \\k", ".kernel\n", ".kernel k\n", "\n", " \\k\n", ".kernel  \\k\n",
          ".text \\k\n", ".entry \\k\n", ".sbat \\k\n", ".files \\k\n", ".kernel \\k\n\n"})
        expect_damaged(read_with(index), BundleCheck::index_line, ".files");
    EXPECT_TRUE(read_with(".kernel \\" + std::string(1022, 'p') + "\n"));
    expect_damaged(read_with(".kernel \\" + std::string(1023, 'p') + "\n"), BundleCheck::index_line,
                   ".files");
    EXPECT_EQ(read_with(".kernel \\k\n.mod0 x\n").error().numbers()[1], 2U);
}

TEST_P(BundleIn, RefusesAnIndexThatIsTooLong) {
    expect_damaged(read_with(std::string((1 << 20) + 1, 'x')), BundleCheck::index_bytes, ".files");
}

TEST_P(BundleIn, RefusesAnIndexThatNamesASectionThatIsMissing) {
    expect_damaged(read_with(".mod1 \\k\n"), BundleCheck::index_section, ".mod1");
}

TEST_P(BundleIn, RefusesAnIndexThatNamesASectionTwice) {
    expect_damaged(read_with(".mod0 \\k\n.kernel \\l\n.mod0 \\m\n"), BundleCheck::index_once,
                   ".mod0");
}

TEST_P(BundleIn, RefusesAnIndexWithAPathTwice) {
    expect_damaged(read_with(".mod0 \\k\n.kernel \\l\n.mod999 \\k\n"), BundleCheck::index_path_once,
                   "\\k");
}

INSTANTIATE_TEST_SUITE_P(Memory, BundleIn, testing::Values(loaded));
INSTANTIATE_TEST_SUITE_P(File, BundleIn, testing::Values(file));

TEST(Bundle, OfNothingHasNothing) {
    const Bundle bundle;
    EXPECT_FALSE(bundle.has_content() || bundle.file("\\k") ||
                 !bundle.section(".entry").name.empty());
}

TEST(Bundle, RefusesBytesOfAFileThatTwoSectionsHave) {
    PeBuilder builder;
    builder.add(".kernel", "kernel").add(".mod0", "module");
    builder.place();
    builder.sections[2].file_offset = builder.sections[1].file_offset;
    const Buffer image = builder.make(file);
    BundleIn::expect_damaged(Bundle::read(image, file), BundleCheck::order, ".mod0");
}

} // namespace
} // namespace baton::test

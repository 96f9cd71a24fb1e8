// SPDX-License-Identifier: BSD-2-Clause
#include "elf/image.hpp"
#include "support/elf_builder.hpp"
#include "support/errors.hpp"

#include <cstring>
#include <gtest/gtest.h>

namespace baton::test {
namespace {

constexpr elf::Elf64_Phdr kOdd = {.p_type = 0x1111'1111,
                                  .p_flags = 0x2222'2222,
                                  .p_offset = 0x3333'3333'3333'3333,
                                  .p_vaddr = 0x4444'4444'4444'4444,
                                  .p_paddr = 0x5555'5555'5555'5555,
                                  .p_filesz = 0x6666'6666'6666'6666,
                                  .p_memsz = 0x7777'7777'7777'7777,
                                  .p_align = 0x8888'8888'8888'8888};

bool same(const elf::Elf64_Phdr& a, const elf::Elf64_Phdr& b) {
    return std::memcmp(&a, &b, sizeof a) == 0;
}

TEST(Image, KeepsWhatTheHeaderSays) {
    const Buffer file = good_elf().build(5000);
    const auto image = elf::Image::parse(file);
    ASSERT_TRUE(image) << outcome(image);
    EXPECT_EQ(image->file_bytes(), 5000u);
    EXPECT_EQ(image->program_header_count(), 1u);
    EXPECT_EQ(image->header().entry, VirtAddr{0x10'0000});
}

TEST(Image, ReadsEachProgramHeaderAsTheFileHasIt) {
    const Buffer file = good_elf().add(kOdd).build();
    const auto image = elf::Image::parse(file);
    ASSERT_TRUE(image) << outcome(image);
    EXPECT_EQ(image->program_header(0).p_vaddr, 0x10'0000u);
    EXPECT_TRUE(same(image->program_header(1), kOdd));
}

TEST(Image, ProgramHeadersMayLieAtAnyOffset) {
    for (uint64_t offset = 64; offset < 64 + 16; ++offset) {
        ElfBuilder builder = good_elf().add(kOdd);
        builder.header.e_phoff = offset;
        const Buffer file = builder.build();
        const auto image = elf::Image::parse(file);
        ASSERT_TRUE(image) << outcome(image);
        EXPECT_TRUE(same(image->program_header(1), kOdd)) << "e_phoff " << offset;
    }
}

TEST(Image, ProgramHeadersMayOverlapTheFileHeader) {
    ElfBuilder builder = good_elf();
    builder.header.e_phoff = 8;
    Buffer file;
    append(file, builder.header);
    const auto image = elf::Image::parse(file);
    ASSERT_TRUE(image) << outcome(image);
    EXPECT_EQ(image->program_header(0).p_type, 0u); // e_ident's padding
}

TEST(Image, AlignmentOfTheFileDoesNotMatter) {
    const Buffer file = good_elf().add(kOdd).build();
    for (std::size_t shift = 1; shift < 8; ++shift) {
        const ShiftedBytes shifted(file, shift);
        const auto image = elf::Image::parse(shifted.view());
        ASSERT_TRUE(image) << outcome(image);
        EXPECT_TRUE(same(image->program_header(1), kOdd));
    }
}

TEST(Image, TellsWhatIsWrongWithTheHeader) {
    ElfBuilder builder = good_elf();
    builder.header.e_machine = 3;
    const Buffer file = builder.build();
    expect_error(elf::Image::parse(file), ErrorCode::elf_wrong_machine, {3});
}

TEST(Image, AFileCutShortWithinTheProgramHeadersIsRefused) {
    const Buffer whole = good_elf().add(kOdd).build();
    for (std::size_t length = 64; length < whole.size(); ++length) {
        const Buffer file(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
        EXPECT_TRUE(
            failed_with(elf::Image::parse(file), ErrorCode::elf_program_headers_outside_file));
    }
}

TEST(Image, NeedsTheProgramHeadersAloneNotTheFile) {
    const Buffer file = good_elf().build();
    const auto header = elf::parse_header(file, uint64_t{1} << 40);
    ASSERT_TRUE(header) << outcome(header);
    const Buffer program_headers(file.begin() + 64, file.end());
    const elf::Image image(*header, program_headers, uint64_t{1} << 40);
    EXPECT_EQ(image.program_header(0).p_vaddr, 0x10'0000u);
    EXPECT_EQ(image.file_bytes(), uint64_t{1} << 40);
}

} // namespace
} // namespace baton::test

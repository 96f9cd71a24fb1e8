// SPDX-License-Identifier: BSD-2-Clause
//
// Every way in which a file header can be bad, by its name and its numbers.
#include "elf/image.hpp"
#include "support/elf_builder.hpp"
#include "support/errors.hpp"

#include <array>
#include <functional>
#include <gtest/gtest.h>
#include <string_view>

namespace baton::test {
namespace {

constexpr std::size_t kHeaderBytes = 64;

Result<elf::Header> parse(const Buffer& file) {
    return elf::parse_header(file, file.size());
}

/// A good file whose header `spoil` changed.
Buffer spoilt(const std::function<void(elf::Elf64_Ehdr&)>& spoil) {
    ElfBuilder builder = good_elf();
    spoil(builder.header);
    Buffer file;
    append(file, builder.header);
    file.resize(0x1000);
    return file;
}

Buffer text_file(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

TEST(ParseHeader, TellsEntryAndProgramHeadersOfAGoodFile) {
    ElfBuilder builder = good_elf();
    builder.load({.vaddr = 0x20'0000, .memory_bytes = 1});
    builder.header.e_phoff = 1000;
    const auto header = parse(builder.build());
    ASSERT_TRUE(header) << outcome(header);
    EXPECT_EQ(header->entry, VirtAddr{0x10'0000});
    EXPECT_EQ(header->program_headers_offset, 1000u);
    EXPECT_EQ(header->program_header_count, 2u);
    EXPECT_EQ(header->program_headers_bytes(), 112u);
}

TEST(ParseHeader, NeedsNoMoreThanTheFirst64Bytes) {
    Buffer head = good_elf().build();
    const uint64_t file_bytes = head.size();
    head.resize(kHeaderBytes);
    head.shrink_to_fit();
    EXPECT_TRUE(elf::parse_header(head, file_bytes));
}

TEST(ParseHeader, AlignmentOfTheBytesDoesNotMatter) {
    const Buffer file = good_elf().build();
    for (std::size_t shift = 1; shift < 16; ++shift)
        EXPECT_TRUE(elf::parse_header(ShiftedBytes(file, shift).view(), file.size()));
}

TEST(ParseHeader, EachLengthBelowAHeaderIsTooSmall) {
    const Buffer whole = good_elf().build();
    for (std::size_t length = 0; length < kHeaderBytes; ++length) {
        const Buffer file(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
        expect_error(parse(file), ErrorCode::elf_too_small, {length, kHeaderBytes});
    }
}

TEST(ParseHeader, ATextFileHasABadMagicHoweverShort) {
    expect_error(parse(text_file("hello, world")), ErrorCode::elf_bad_magic, {0x68656c6c});
    expect_error(parse(text_file("hi")), ErrorCode::elf_bad_magic, {0x6869});
    expect_error(parse(text_file("\x7f"
                                 "E1")),
                 ErrorCode::elf_bad_magic, {0x7f4531});
}

TEST(ParseHeader, EachByteOfTheMagicCounts) {
    for (std::size_t i = 0; i < 4; ++i)
        EXPECT_TRUE(failed_with(parse(spoilt([i](auto& header) { header.e_ident[i] ^= 0x20; })),
                                ErrorCode::elf_bad_magic));
}

TEST(ParseHeader, AClassIs32Or64Bits) {
    for (const uint8_t file_class : std::initializer_list<uint8_t>{0, 3})
        expect_error(
            parse(spoilt([&](auto& header) { header.e_ident[elf::EI_CLASS] = file_class; })),
            ErrorCode::elf_not_64_bit, {file_class});
}

/// An ELF32 file of one program header.
Buffer elf32(uint16_t machine) {
    elf::Elf32_Ehdr header{};
    std::ranges::copy(std::to_array<uint8_t>({0x7f, 'E', 'L', 'F', elf::ELFCLASS32, 1, 1}),
                      header.e_ident);
    header.e_type = elf::ET_EXEC;
    header.e_machine = machine;
    header.e_version = 1;
    header.e_entry = 0x10'0010;
    header.e_phoff = sizeof header;
    header.e_ehsize = sizeof header;
    header.e_phentsize = sizeof(elf::Elf32_Phdr);
    header.e_phnum = 1;
    header.e_shentsize = sizeof(elf::Elf32_Shdr);
    header.e_shnum = 3;
    const elf::Elf32_Phdr program_header{.p_type = elf::PT_LOAD,
                                         .p_offset = 0x1000,
                                         .p_vaddr = 0xc010'0000,
                                         .p_paddr = 0x10'0000,
                                         .p_filesz = 0x20,
                                         .p_memsz = 0x3000,
                                         .p_flags = elf::PF_R | elf::PF_X,
                                         .p_align = 0x1000};
    Buffer file(0x2000);
    std::memcpy(file.data(), &header, sizeof header);
    std::memcpy(file.data() + sizeof header, &program_header, sizeof program_header);
    return file;
}

TEST(ParseHeader, AnElf32FileHasProgramHeadersInTheFormOfElf64) {
    for (const uint16_t machine : {elf::EM_386, elf::EM_X86_64}) {
        const Buffer file = elf32(machine);
        const auto image = elf::Image::parse(file);
        ASSERT_TRUE(image) << machine;
        EXPECT_TRUE(image->header().is_32_bit);
        EXPECT_EQ(image->header().machine, machine);
        EXPECT_EQ(image->header().entry.value, 0x10'0010u);
        EXPECT_EQ(image->header().section_header_count, 3u);
        const elf::Elf64_Phdr header = image->program_header(0);
        EXPECT_EQ(header.p_type, elf::PT_LOAD);
        EXPECT_EQ(header.p_flags, elf::PF_R | elf::PF_X);
        EXPECT_EQ(header.p_offset, 0x1000u);
        EXPECT_EQ(header.p_vaddr, 0xc010'0000u);
        EXPECT_EQ(header.p_paddr, 0x10'0000u);
        EXPECT_EQ(header.p_filesz, 0x20u);
        EXPECT_EQ(header.p_memsz, 0x3000u);
        EXPECT_EQ(header.p_align, 0x1000u);
    }
    expect_error(parse(elf32(183)), ErrorCode::elf_wrong_machine, {183});
    Buffer file = elf32(elf::EM_386);
    file.resize(51);
    expect_error(parse(file), ErrorCode::elf_too_small, {51, 52});
}

TEST(ParseHeader, ABigEndianFileIsNotLittleEndian) {
    expect_error(parse(spoilt([](auto& header) { header.e_ident[elf::EI_DATA] = 2; })),
                 ErrorCode::elf_not_little_endian, {2});
}

TEST(ParseHeader, BothVersionsAreOne) {
    expect_error(parse(spoilt([](auto& header) { header.e_ident[elf::EI_VERSION] = 0; })),
                 ErrorCode::elf_bad_version, {0, 1});
    expect_error(parse(spoilt([](auto& header) { header.e_version = 0x101; })),
                 ErrorCode::elf_bad_version, {1, 0x101});
}

TEST(ParseHeader, AnArmFileIsForAnotherMachine) {
    expect_error(parse(spoilt([](auto& header) { header.e_machine = 183; })),
                 ErrorCode::elf_wrong_machine, {183});
}

TEST(ParseHeader, AnObjectFileIsNotExecutable) {
    for (const uint16_t type : std::to_array<uint16_t>({0, 1, 4}))
        expect_error(parse(spoilt([type](auto& header) { header.e_type = type; })),
                     ErrorCode::elf_not_executable, {type});
}

TEST(ParseHeader, APieIsPositionIndependentAndAnExecutableIsNot) {
    const auto pie = parse(spoilt([](auto& header) { header.e_type = elf::ET_DYN; }));
    ASSERT_TRUE(pie) << outcome(pie);
    EXPECT_TRUE(pie->position_independent);
    const auto fixed = parse(good_elf().build());
    ASSERT_TRUE(fixed) << outcome(fixed);
    EXPECT_FALSE(fixed->position_independent);
}

TEST(ParseHeader, TellsWhereTheSectionHeadersAre) {
    const auto header = parse(spoilt([](auto& spoilt_header) {
        spoilt_header.e_shoff = 0x1234;
        spoilt_header.e_shnum = 7;
        spoilt_header.e_shentsize = 64;
    }));
    ASSERT_TRUE(header) << outcome(header);
    EXPECT_EQ(header->section_headers_offset, 0x1234u);
    EXPECT_EQ(header->section_header_count, 7u);
}

TEST(ParseHeader, SectionHeadersOfAnotherSizeAreNone) {
    for (const uint16_t size : std::to_array<uint16_t>({0, 40, 63, 65})) {
        const auto header = parse(spoilt([size](auto& spoilt_header) {
            spoilt_header.e_shnum = 7;
            spoilt_header.e_shentsize = size;
        }));
        ASSERT_TRUE(header) << outcome(header);
        EXPECT_EQ(header->section_header_count, 0u) << size;
    }
}

TEST(ParseHeader, SectionHeadersOutsideTheFileDontMatter) {
    EXPECT_TRUE(parse(spoilt([](auto& header) {
        header.e_shoff = ~uint64_t{0};
        header.e_shnum = 0xffff;
        header.e_shentsize = 64;
    })));
}

TEST(ParseHeader, TheHeaderHasTheSizeOfElf64) {
    for (const uint16_t size : std::to_array<uint16_t>({0, 52, 63, 65, 65535}))
        expect_error(parse(spoilt([size](auto& header) { header.e_ehsize = size; })),
                     ErrorCode::elf_bad_header_size, {size, 64});
}

TEST(ParseHeader, ProgramHeadersHaveTheSizeOfElf64) {
    for (const uint16_t size : std::to_array<uint16_t>({0, 55, 57, 65535}))
        expect_error(parse(spoilt([size](auto& header) { header.e_phentsize = size; })),
                     ErrorCode::elf_bad_program_header_size, {size, 56});
}

TEST(ParseHeader, AFileWithoutProgramHeadersIsRefused) {
    expect_error(parse(spoilt([](auto& header) {
                     header.e_phnum = 0;
                     header.e_phentsize = 0; // as an object file has it
                 })),
                 ErrorCode::elf_no_program_headers);
}

TEST(ParseHeader, CountsUpTo65534) {
    Buffer file = spoilt([](auto& header) { header.e_phnum = 65534; });
    const uint64_t needed = kHeaderBytes + 65534 * 56;
    const auto header = elf::parse_header(file, needed);
    ASSERT_TRUE(header) << outcome(header);
    EXPECT_EQ(header->program_header_count, 65534u);
    expect_error(elf::parse_header(file, needed - 1), ErrorCode::elf_program_headers_outside_file,
                 {64, 65534, needed - 1});
}

TEST(ParseHeader, PnXnumIsTooMany) {
    expect_error(parse(spoilt([](auto& header) { header.e_phnum = 0xffff; })),
                 ErrorCode::elf_too_many_program_headers, {0xffff});
}

TEST(ParseHeader, ProgramHeadersMayEndWithTheFileAndNotOneByteLater) {
    Buffer file = good_elf().build();
    EXPECT_TRUE(parse(file));
    file.pop_back();
    expect_error(parse(file), ErrorCode::elf_program_headers_outside_file, {64, 1, 119});
}

TEST(ParseHeader, AnOffsetOfProgramHeadersDoesNotOverflow) {
    for (const uint64_t offset : {~uint64_t{0}, ~uint64_t{0} - 55, uint64_t{1} << 63})
        expect_error(parse(spoilt([offset](auto& header) { header.e_phoff = offset; })),
                     ErrorCode::elf_program_headers_outside_file, {offset, 1, 0x1000});
}

} // namespace
} // namespace baton::test

// SPDX-License-Identifier: BSD-2-Clause
//
// format.hpp against the host's <elf.h>, whose macros forbid to use both at once.
#include "elf/format.hpp"

#include <cstddef>
#include <gtest/gtest.h>

namespace baton::test {
namespace {

constexpr std::size_t kOurs[] = {elf::EI_NIDENT,  elf::EI_CLASS,    elf::EI_DATA, elf::EI_VERSION,
                                 elf::ELFCLASS64, elf::ELFDATA2LSB, elf::ET_EXEC, elf::ET_DYN,
                                 elf::EV_CURRENT, elf::EM_X86_64,   elf::PN_XNUM, elf::PT_LOAD,
                                 elf::PF_X,       elf::PT_INTERP,   elf::PF_W,    elf::PF_R};

using OurHeader = elf::Elf64_Ehdr;
using OurProgramHeader = elf::Elf64_Phdr;

} // namespace
} // namespace baton::test

#include <elf.h>

namespace baton::test {
namespace {

constexpr std::size_t kTheirs[] = {
    EI_NIDENT,  EI_CLASS,  EI_DATA, EI_VERSION, ELFCLASS64, ELFDATA2LSB, ET_EXEC, ET_DYN,
    EV_CURRENT, EM_X86_64, PN_XNUM, PT_LOAD,    PF_X,       PT_INTERP,   PF_W,    PF_R};

TEST(ElfFormat, ConstantsAreTheSpecifications) {
    for (std::size_t i = 0; i < std::size(kTheirs); ++i)
        EXPECT_EQ(kOurs[i], kTheirs[i]) << "constant " << i;
}

TEST(ElfFormat, FileHeaderIsTheSpecifications) {
    EXPECT_EQ(sizeof(OurHeader), sizeof(::Elf64_Ehdr));
    EXPECT_EQ(offsetof(OurHeader, e_type), offsetof(::Elf64_Ehdr, e_type));
    EXPECT_EQ(offsetof(OurHeader, e_machine), offsetof(::Elf64_Ehdr, e_machine));
    EXPECT_EQ(offsetof(OurHeader, e_version), offsetof(::Elf64_Ehdr, e_version));
    EXPECT_EQ(offsetof(OurHeader, e_entry), offsetof(::Elf64_Ehdr, e_entry));
    EXPECT_EQ(offsetof(OurHeader, e_phoff), offsetof(::Elf64_Ehdr, e_phoff));
    EXPECT_EQ(offsetof(OurHeader, e_phentsize), offsetof(::Elf64_Ehdr, e_phentsize));
    EXPECT_EQ(offsetof(OurHeader, e_phnum), offsetof(::Elf64_Ehdr, e_phnum));
}

TEST(ElfFormat, ProgramHeaderIsTheSpecifications) {
    EXPECT_EQ(sizeof(OurProgramHeader), sizeof(::Elf64_Phdr));
    EXPECT_EQ(offsetof(OurProgramHeader, p_type), offsetof(::Elf64_Phdr, p_type));
    EXPECT_EQ(offsetof(OurProgramHeader, p_flags), offsetof(::Elf64_Phdr, p_flags));
    EXPECT_EQ(offsetof(OurProgramHeader, p_offset), offsetof(::Elf64_Phdr, p_offset));
    EXPECT_EQ(offsetof(OurProgramHeader, p_vaddr), offsetof(::Elf64_Phdr, p_vaddr));
    EXPECT_EQ(offsetof(OurProgramHeader, p_paddr), offsetof(::Elf64_Phdr, p_paddr));
    EXPECT_EQ(offsetof(OurProgramHeader, p_filesz), offsetof(::Elf64_Phdr, p_filesz));
    EXPECT_EQ(offsetof(OurProgramHeader, p_memsz), offsetof(::Elf64_Phdr, p_memsz));
    EXPECT_EQ(offsetof(OurProgramHeader, p_align), offsetof(::Elf64_Phdr, p_align));
}

} // namespace
} // namespace baton::test

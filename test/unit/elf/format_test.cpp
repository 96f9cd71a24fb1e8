// SPDX-License-Identifier: BSD-2-Clause
//
// format.hpp against the host's <elf.h>, whose macros forbid to use both at once.
#include "elf/format.hpp"

#include <cstddef>
#include <gtest/gtest.h>

namespace baton::test {
namespace {

constexpr std::size_t kOurs[] = {elf::EI_NIDENT,
                                 elf::EI_CLASS,
                                 elf::EI_DATA,
                                 elf::EI_VERSION,
                                 elf::ELFCLASS64,
                                 elf::ELFDATA2LSB,
                                 elf::ET_EXEC,
                                 elf::ET_DYN,
                                 elf::EV_CURRENT,
                                 elf::EM_X86_64,
                                 elf::PN_XNUM,
                                 elf::PT_LOAD,
                                 elf::PF_X,
                                 elf::PT_INTERP,
                                 elf::PF_W,
                                 elf::PF_R,
                                 elf::PT_DYNAMIC,
                                 elf::PT_NOTE,
                                 elf::PT_TLS,
                                 elf::PT_GNU_STACK,
                                 elf::PT_GNU_RELRO,
                                 elf::SHT_SYMTAB,
                                 elf::SHT_STRTAB,
                                 elf::NT_GNU_BUILD_ID,
                                 elf::DT_NULL,
                                 elf::DT_NEEDED,
                                 elf::DT_PLTRELSZ,
                                 elf::DT_STRTAB,
                                 elf::DT_SYMTAB,
                                 elf::DT_RELA,
                                 elf::DT_RELASZ,
                                 elf::DT_RELAENT,
                                 elf::DT_STRSZ,
                                 elf::DT_SYMENT,
                                 elf::DT_REL,
                                 elf::DT_PLTREL,
                                 elf::DT_JMPREL,
                                 elf::DT_RELRSZ,
                                 elf::DT_RELR,
                                 elf::DT_RELRENT,
                                 elf::SHN_UNDEF,
                                 elf::SHN_ABS,
                                 elf::STB_WEAK,
                                 elf::STT_GNU_IFUNC,
                                 elf::R_X86_64_NONE,
                                 elf::R_X86_64_64,
                                 elf::R_X86_64_GLOB_DAT,
                                 elf::R_X86_64_JUMP_SLOT,
                                 elf::R_X86_64_RELATIVE};

using OurHeader = elf::Elf64_Ehdr;
using OurProgramHeader = elf::Elf64_Phdr;
using OurSectionHeader = elf::Elf64_Shdr;
using OurNoteHeader = elf::Elf64_Nhdr;
using OurDynamic = elf::Elf64_Dyn;
using OurSymbol = elf::Elf64_Sym;
using OurRelocation = elf::Elf64_Rela;

} // namespace
} // namespace baton::test

#include <elf.h>

namespace baton::test {
namespace {

constexpr std::size_t kTheirs[] = {EI_NIDENT,
                                   EI_CLASS,
                                   EI_DATA,
                                   EI_VERSION,
                                   ELFCLASS64,
                                   ELFDATA2LSB,
                                   ET_EXEC,
                                   ET_DYN,
                                   EV_CURRENT,
                                   EM_X86_64,
                                   PN_XNUM,
                                   PT_LOAD,
                                   PF_X,
                                   PT_INTERP,
                                   PF_W,
                                   PF_R,
                                   PT_DYNAMIC,
                                   PT_NOTE,
                                   PT_TLS,
                                   PT_GNU_STACK,
                                   PT_GNU_RELRO,
                                   SHT_SYMTAB,
                                   SHT_STRTAB,
                                   NT_GNU_BUILD_ID,
                                   DT_NULL,
                                   DT_NEEDED,
                                   DT_PLTRELSZ,
                                   DT_STRTAB,
                                   DT_SYMTAB,
                                   DT_RELA,
                                   DT_RELASZ,
                                   DT_RELAENT,
                                   DT_STRSZ,
                                   DT_SYMENT,
                                   DT_REL,
                                   DT_PLTREL,
                                   DT_JMPREL,
                                   35,
                                   36,
                                   37, // DT_RELRSZ, DT_RELR, DT_RELRENT: not in every <elf.h>
                                   SHN_UNDEF,
                                   SHN_ABS,
                                   STB_WEAK,
                                   STT_GNU_IFUNC,
                                   R_X86_64_NONE,
                                   R_X86_64_64,
                                   R_X86_64_GLOB_DAT,
                                   R_X86_64_JUMP_SLOT,
                                   R_X86_64_RELATIVE};
static_assert(std::size(kOurs) == std::size(kTheirs));

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
    EXPECT_EQ(offsetof(OurHeader, e_shoff), offsetof(::Elf64_Ehdr, e_shoff));
    EXPECT_EQ(offsetof(OurHeader, e_shentsize), offsetof(::Elf64_Ehdr, e_shentsize));
    EXPECT_EQ(offsetof(OurHeader, e_shnum), offsetof(::Elf64_Ehdr, e_shnum));
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

TEST(ElfFormat, SectionHeaderIsTheSpecifications) {
    EXPECT_EQ(sizeof(OurSectionHeader), sizeof(::Elf64_Shdr));
    EXPECT_EQ(offsetof(OurSectionHeader, sh_type), offsetof(::Elf64_Shdr, sh_type));
    EXPECT_EQ(offsetof(OurSectionHeader, sh_offset), offsetof(::Elf64_Shdr, sh_offset));
    EXPECT_EQ(offsetof(OurSectionHeader, sh_size), offsetof(::Elf64_Shdr, sh_size));
    EXPECT_EQ(offsetof(OurSectionHeader, sh_link), offsetof(::Elf64_Shdr, sh_link));
    EXPECT_EQ(offsetof(OurSectionHeader, sh_entsize), offsetof(::Elf64_Shdr, sh_entsize));
}

TEST(ElfFormat, WhatNotesAndTheDynamicArrayHaveIsTheSpecifications) {
    EXPECT_EQ(sizeof(OurNoteHeader), sizeof(::Elf64_Nhdr));
    EXPECT_EQ(offsetof(OurNoteHeader, n_descsz), offsetof(::Elf64_Nhdr, n_descsz));
    EXPECT_EQ(offsetof(OurNoteHeader, n_type), offsetof(::Elf64_Nhdr, n_type));
    EXPECT_EQ(sizeof(OurDynamic), sizeof(::Elf64_Dyn));
    EXPECT_EQ(offsetof(OurDynamic, d_val), offsetof(::Elf64_Dyn, d_un));
    EXPECT_EQ(sizeof(OurSymbol), sizeof(::Elf64_Sym));
    EXPECT_EQ(offsetof(OurSymbol, st_info), offsetof(::Elf64_Sym, st_info));
    EXPECT_EQ(offsetof(OurSymbol, st_shndx), offsetof(::Elf64_Sym, st_shndx));
    EXPECT_EQ(offsetof(OurSymbol, st_value), offsetof(::Elf64_Sym, st_value));
    EXPECT_EQ(sizeof(OurRelocation), sizeof(::Elf64_Rela));
    EXPECT_EQ(offsetof(OurRelocation, r_info), offsetof(::Elf64_Rela, r_info));
    EXPECT_EQ(offsetof(OurRelocation, r_addend), offsetof(::Elf64_Rela, r_addend));
}

} // namespace
} // namespace baton::test

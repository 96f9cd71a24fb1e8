// SPDX-License-Identifier: BSD-2-Clause
//
// ELF64, and as much of ELF32 as kernels of 32-bit protocols need, as the file has it: System V
// gABI, chapters 4 and 5, with the specification's names.
#pragma once

#include <cstddef>
#include <cstdint>

namespace baton::elf {

inline constexpr std::size_t EI_NIDENT = 16;
inline constexpr std::size_t EI_CLASS = 4;
inline constexpr std::size_t EI_DATA = 5;
inline constexpr std::size_t EI_VERSION = 6;

inline constexpr uint8_t ELFCLASS32 = 1;
inline constexpr uint8_t ELFCLASS64 = 2;
inline constexpr uint8_t ELFDATA2LSB = 1;
inline constexpr uint8_t EV_CURRENT = 1;

inline constexpr uint16_t ET_EXEC = 2;
inline constexpr uint16_t ET_DYN = 3;
inline constexpr uint16_t EM_386 = 3;
inline constexpr uint16_t EM_X86_64 = 62;
inline constexpr uint16_t PN_XNUM = 0xffff;

inline constexpr uint32_t PT_LOAD = 1;
inline constexpr uint32_t PT_DYNAMIC = 2;
inline constexpr uint32_t PT_INTERP = 3;
inline constexpr uint32_t PT_NOTE = 4;
inline constexpr uint32_t PT_TLS = 7;
inline constexpr uint32_t PT_GNU_STACK = 0x6474e551; // Linux Standard Base, section 11.2
inline constexpr uint32_t PT_GNU_RELRO = 0x6474e552;

inline constexpr uint32_t PF_X = 1;
inline constexpr uint32_t PF_W = 2;
inline constexpr uint32_t PF_R = 4;

struct Elf64_Ehdr {
    uint8_t e_ident[EI_NIDENT];
    uint16_t e_type;
    uint16_t e_machine;
    uint32_t e_version;
    uint64_t e_entry;
    uint64_t e_phoff;
    uint64_t e_shoff;
    uint32_t e_flags;
    uint16_t e_ehsize;
    uint16_t e_phentsize;
    uint16_t e_phnum;
    uint16_t e_shentsize;
    uint16_t e_shnum;
    uint16_t e_shstrndx;
};
static_assert(sizeof(Elf64_Ehdr) == 64);

struct Elf32_Ehdr {
    uint8_t e_ident[EI_NIDENT];
    uint16_t e_type;
    uint16_t e_machine;
    uint32_t e_version;
    uint32_t e_entry;
    uint32_t e_phoff;
    uint32_t e_shoff;
    uint32_t e_flags;
    uint16_t e_ehsize;
    uint16_t e_phentsize;
    uint16_t e_phnum;
    uint16_t e_shentsize;
    uint16_t e_shnum;
    uint16_t e_shstrndx;
};
static_assert(sizeof(Elf32_Ehdr) == 52);

struct Elf32_Phdr {
    uint32_t p_type;
    uint32_t p_offset;
    uint32_t p_vaddr;
    uint32_t p_paddr;
    uint32_t p_filesz;
    uint32_t p_memsz;
    uint32_t p_flags;
    uint32_t p_align;
};
static_assert(sizeof(Elf32_Phdr) == 32);

struct Elf32_Shdr {
    uint32_t sh_name;
    uint32_t sh_type;
    uint32_t sh_flags;
    uint32_t sh_addr;
    uint32_t sh_offset;
    uint32_t sh_size;
    uint32_t sh_link;
    uint32_t sh_info;
    uint32_t sh_addralign;
    uint32_t sh_entsize;
};
static_assert(sizeof(Elf32_Shdr) == 40);

struct Elf64_Phdr {
    uint32_t p_type;
    uint32_t p_flags;
    uint64_t p_offset;
    uint64_t p_vaddr;
    uint64_t p_paddr;
    uint64_t p_filesz;
    uint64_t p_memsz;
    uint64_t p_align;
};
static_assert(sizeof(Elf64_Phdr) == 56);

inline constexpr uint32_t SHT_NULL = 0;
inline constexpr uint32_t SHT_SYMTAB = 2;
inline constexpr uint32_t SHT_STRTAB = 3;
inline constexpr uint32_t SHT_NOBITS = 8;

struct Elf64_Shdr {
    uint32_t sh_name;
    uint32_t sh_type;
    uint64_t sh_flags;
    uint64_t sh_addr;
    uint64_t sh_offset;
    uint64_t sh_size;
    uint32_t sh_link;
    uint32_t sh_info;
    uint64_t sh_addralign;
    uint64_t sh_entsize;
};
static_assert(sizeof(Elf64_Shdr) == 64);

struct Elf64_Nhdr {
    uint32_t n_namesz;
    uint32_t n_descsz;
    uint32_t n_type;
};
static_assert(sizeof(Elf64_Nhdr) == 12);

// Of the owner "GNU".
inline constexpr uint32_t NT_GNU_BUILD_ID = 3;
inline constexpr uint32_t NT_GNU_PROPERTY_TYPE_0 = 5; // Linux gABI extensions

inline constexpr uint32_t XEN_ELFNOTE_PHYS32_ENTRY = 18; // of the owner "Xen": xen/elfnote.h

// The dynamic array: gABI chapter 5, "Dynamic Section"; RELR is an addition of the gABI of 2022.
inline constexpr uint64_t DT_NULL = 0;
inline constexpr uint64_t DT_NEEDED = 1;
inline constexpr uint64_t DT_PLTRELSZ = 2;
inline constexpr uint64_t DT_STRTAB = 5;
inline constexpr uint64_t DT_SYMTAB = 6;
inline constexpr uint64_t DT_RELA = 7;
inline constexpr uint64_t DT_RELASZ = 8;
inline constexpr uint64_t DT_RELAENT = 9;
inline constexpr uint64_t DT_STRSZ = 10;
inline constexpr uint64_t DT_SYMENT = 11;
inline constexpr uint64_t DT_REL = 17;
inline constexpr uint64_t DT_PLTREL = 20;
inline constexpr uint64_t DT_JMPREL = 23;
inline constexpr uint64_t DT_RELRSZ = 35;
inline constexpr uint64_t DT_RELR = 36;
inline constexpr uint64_t DT_RELRENT = 37;
// Packed relocations of Android's linkers, which no specification has.
inline constexpr uint64_t DT_ANDROID_REL = 0x6000000f;
inline constexpr uint64_t DT_ANDROID_RELA = 0x60000011;

struct Elf64_Dyn {
    uint64_t d_tag;
    uint64_t d_val;
};
static_assert(sizeof(Elf64_Dyn) == 16);

struct Elf64_Sym {
    uint32_t st_name;
    uint8_t st_info;
    uint8_t st_other;
    uint16_t st_shndx;
    uint64_t st_value;
    uint64_t st_size;
};
static_assert(sizeof(Elf64_Sym) == 24);

inline constexpr uint32_t STN_UNDEF = 0; // index: no symbol
inline constexpr uint16_t SHN_UNDEF = 0;
inline constexpr uint16_t SHN_ABS = 0xfff1;
inline constexpr uint8_t STB_WEAK = 2;       // st_info >> 4
inline constexpr uint8_t STT_GNU_IFUNC = 10; // st_info & 15

struct Elf64_Rela {
    uint64_t r_offset;
    uint64_t r_info; // symbol << 32 | type
    uint64_t r_addend;
};
static_assert(sizeof(Elf64_Rela) == 24);

// Relocation types: System V ABI, AMD64 supplement, section 4.4.1.
inline constexpr uint32_t R_X86_64_NONE = 0;
inline constexpr uint32_t R_X86_64_64 = 1;
inline constexpr uint32_t R_X86_64_GLOB_DAT = 6;
inline constexpr uint32_t R_X86_64_JUMP_SLOT = 7;
inline constexpr uint32_t R_X86_64_RELATIVE = 8;

} // namespace baton::elf

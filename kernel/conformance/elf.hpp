// SPDX-License-Identifier: BSD-2-Clause
//
// The parts of ELF64 that this kernel finds in its own image (ELF gABI chapters 4 and 5).
#pragma once

#include <cstdint>

namespace conformance::elf {

inline constexpr uint16_t ET_EXEC = 2;
inline constexpr uint16_t ET_DYN = 3;

inline constexpr uint32_t PT_LOAD = 1;
inline constexpr uint32_t PT_NOTE = 4;
inline constexpr uint32_t PT_TLS = 7;
inline constexpr uint32_t PT_GNU_STACK = 0x6474e551;
inline constexpr uint32_t PT_GNU_RELRO = 0x6474e552;

inline constexpr uint32_t PF_X = 1;
inline constexpr uint32_t PF_W = 2;
inline constexpr uint32_t PF_R = 4;

inline constexpr uint32_t NT_GNU_BUILD_ID = 3;

struct Header {
    uint8_t e_ident[16];
    uint16_t e_type, e_machine;
    uint32_t e_version;
    uint64_t e_entry, e_phoff, e_shoff;
    uint32_t e_flags;
    uint16_t e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
};
static_assert(sizeof(Header) == 64);

struct ProgramHeader {
    uint32_t p_type, p_flags;
    uint64_t p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
};
static_assert(sizeof(ProgramHeader) == 56);

struct SectionHeader {
    uint32_t sh_name, sh_type;
    uint64_t sh_flags, sh_addr, sh_offset, sh_size;
    uint32_t sh_link, sh_info;
    uint64_t sh_addralign, sh_entsize;
};
static_assert(sizeof(SectionHeader) == 64);

struct Symbol {
    uint32_t st_name;
    uint8_t st_info, st_other;
    uint16_t st_shndx;
    uint64_t st_value, st_size;
};
static_assert(sizeof(Symbol) == 24);

struct NoteHeader {
    uint32_t n_namesz, n_descsz, n_type;
};

} // namespace conformance::elf

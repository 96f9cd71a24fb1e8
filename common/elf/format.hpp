// SPDX-License-Identifier: BSD-2-Clause
//
// ELF64 as the file has it: System V gABI, chapters 4 and 5, with the specification's names.
#pragma once

#include <cstddef>
#include <cstdint>

namespace baton::elf {

inline constexpr std::size_t EI_NIDENT = 16;
inline constexpr std::size_t EI_CLASS = 4;
inline constexpr std::size_t EI_DATA = 5;
inline constexpr std::size_t EI_VERSION = 6;

inline constexpr uint8_t ELFCLASS64 = 2;
inline constexpr uint8_t ELFDATA2LSB = 1;
inline constexpr uint8_t EV_CURRENT = 1;

inline constexpr uint16_t ET_EXEC = 2;
inline constexpr uint16_t ET_DYN = 3;
inline constexpr uint16_t EM_X86_64 = 62;
inline constexpr uint16_t PN_XNUM = 0xffff;

inline constexpr uint32_t PT_LOAD = 1;
inline constexpr uint32_t PT_INTERP = 3;

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

} // namespace baton::elf

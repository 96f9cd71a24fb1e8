// SPDX-License-Identifier: BSD-2-Clause
//
// Makes ELF64 files for tests: a good one at first, of which a test spoils what it is about.
#pragma once

#include "elf/format.hpp"
#include "support/bytes.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace baton::test {

inline constexpr uint32_t kR = elf::PF_R;
inline constexpr uint32_t kW = elf::PF_W;
inline constexpr uint32_t kX = elf::PF_X;

/// A PT_LOAD program header, as far as tests differ in it.
struct Load {
    uint64_t vaddr = 0;
    uint64_t memory_bytes = 0;
    uint32_t flags = kR | kX;
    uint64_t file_bytes = 0;
    uint64_t offset = 0;
    uint64_t align = 1;
};

class ElfBuilder {
  public:
    /// The file header, to be spoilt.
    elf::Elf64_Ehdr header = {
        .e_ident = {0x7f, 'E', 'L', 'F', elf::ELFCLASS64, elf::ELFDATA2LSB, elf::EV_CURRENT},
        .e_type = elf::ET_EXEC,
        .e_machine = elf::EM_X86_64,
        .e_version = elf::EV_CURRENT,
        .e_entry = 0,
        .e_phoff = sizeof(elf::Elf64_Ehdr),
        .e_shoff = 0,
        .e_flags = 0,
        .e_ehsize = sizeof(elf::Elf64_Ehdr),
        .e_phentsize = sizeof(elf::Elf64_Phdr),
        .e_phnum = 0,
        .e_shentsize = 0,
        .e_shnum = 0,
        .e_shstrndx = 0};

    ElfBuilder& entry(uint64_t address) {
        header.e_entry = address;
        return *this;
    }
    ElfBuilder& add(const elf::Elf64_Phdr& program_header) {
        program_headers_.push_back(program_header);
        header.e_phnum = static_cast<uint16_t>(program_headers_.size());
        return *this;
    }
    ElfBuilder& load(const Load& load) {
        return add({.p_type = elf::PT_LOAD,
                    .p_flags = load.flags,
                    .p_offset = load.offset,
                    .p_vaddr = load.vaddr,
                    .p_paddr = load.vaddr,
                    .p_filesz = load.file_bytes,
                    .p_memsz = load.memory_bytes,
                    .p_align = load.align});
    }
    elf::Elf64_Phdr& program_header(std::size_t index) { return program_headers_.at(index); }
    /// The file header, the program headers at e_phoff, and zeroes up to `file_bytes`. A segment
    /// without file bytes that the entry point is in gets them up to it: code has to come from the
    /// file.
    Buffer build(std::size_t file_bytes = 0) const {
        Buffer file;
        append(file, header);
        file.resize(std::max(file.size(), std::size_t{header.e_phoff}));
        for (const elf::Elf64_Phdr& program_header : program_headers_)
            append(file, with_entry(program_header));
        file.resize(std::max(file.size(), file_bytes));
        return file;
    }

  private:
    elf::Elf64_Phdr with_entry(elf::Elf64_Phdr program_header) const {
        const uint64_t offset = header.e_entry - program_header.p_vaddr;
        if (program_header.p_type == elf::PT_LOAD && program_header.p_filesz == 0 &&
            header.e_entry >= program_header.p_vaddr && offset < program_header.p_memsz)
            program_header.p_filesz = offset + 1;
        return program_header;
    }

    std::vector<elf::Elf64_Phdr> program_headers_;
};

/// A file with nothing wrong: one segment of one page at 1 MiB.
inline ElfBuilder good_elf() {
    return ElfBuilder().entry(0x10'0000).load({.vaddr = 0x10'0000, .memory_bytes = 0x1000});
}

} // namespace baton::test

// SPDX-License-Identifier: BSD-2-Clause
//
// Reads an x86 executable that is not trusted, ELF64 or ELF32: header and program headers.
#pragma once

#include "core/address.hpp"
#include "core/bytes.hpp"
#include "core/error.hpp"
#include "elf/format.hpp"

namespace baton::elf {

/// The file header, checked, without the need for more of the file than its first 64 bytes.
struct Header {
    bool is_32_bit;                  // ELFCLASS32
    uint16_t machine;                // e_machine: EM_X86_64; EM_386 in ELF32 alone
    VirtAddr entry;                  // e_entry; whether code is there, the load planner checks
    bool position_independent;       // ET_DYN
    uint64_t program_headers_offset; // e_phoff; the table lies within the file
    uint32_t program_header_count;   // e_phnum, 1 … 65534
    uint64_t section_headers_offset; // e_shoff, not checked: booting doesn't need them
    uint32_t section_header_count;   // 0: none that can be read
    uint32_t section_names_index;    // e_shstrndx, not checked

    uint64_t header_bytes() const { return is_32_bit ? sizeof(Elf32_Ehdr) : sizeof(Elf64_Ehdr); }
    uint64_t program_header_bytes() const {
        return is_32_bit ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr);
    }
    uint64_t program_headers_bytes() const { return program_header_count * program_header_bytes(); }
    uint64_t section_header_bytes() const {
        return is_32_bit ? sizeof(Elf32_Shdr) : sizeof(Elf64_Shdr);
    }
};

/// Checks the ELF header in `head`, the first bytes of a file of `file_bytes` bytes. Of ELF32
/// files, it depends on the boot protocol whether they can be booted.
/// Errors: elf_*.
Result<Header> parse_header(Bytes head, uint64_t file_bytes);

/// A file's header and program headers. Refers to the bytes of the program headers, which the
/// caller keeps; it never reads the rest of the file.
class Image {
  public:
    /// `program_headers` are header.program_headers_bytes() bytes from program_headers_offset on.
    Image(const Header& header, Bytes program_headers, uint64_t file_bytes)
        : header_(header),
          program_headers_(program_headers),
          file_bytes_(file_bytes) {}

    /// Both steps at once, for a file that is in memory whole. Errors: elf_*.
    static Result<Image> parse(Bytes file);

    const Header& header() const { return header_; }
    uint64_t file_bytes() const { return file_bytes_; }
    uint32_t program_header_count() const { return header_.program_header_count; }
    /// In the form of ELF64. `index` is less than program_header_count().
    Elf64_Phdr program_header(uint32_t index) const;

  private:
    Header header_;
    Bytes program_headers_;
    uint64_t file_bytes_;
};

} // namespace baton::elf

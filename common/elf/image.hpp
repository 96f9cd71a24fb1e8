// SPDX-License-Identifier: BSD-2-Clause
//
// Reads an ELF64 x86-64 executable that is not trusted: header and program headers.
#pragma once

#include "core/address.hpp"
#include "core/bytes.hpp"
#include "core/error.hpp"
#include "elf/format.hpp"

namespace baton::elf {

/// The file header, checked, without the need for more of the file than its first 64 bytes.
struct Header {
    VirtAddr entry;                  // e_entry; whether code is there, the load planner checks
    bool position_independent;       // ET_DYN
    uint64_t program_headers_offset; // e_phoff; the table lies within the file
    uint32_t program_header_count;   // e_phnum, 1 … 65534
    uint64_t section_headers_offset; // e_shoff, not checked: booting doesn't need them
    uint32_t section_header_count;   // 0: none that can be read

    uint64_t program_headers_bytes() const {
        return uint64_t{program_header_count} * sizeof(Elf64_Phdr);
    }
};

/// Checks the ELF header in `head`, the first bytes of a file of `file_bytes` bytes.
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
    /// `index` is less than program_header_count().
    Elf64_Phdr program_header(uint32_t index) const {
        return read_at<Elf64_Phdr>(program_headers_, std::size_t{index} * sizeof(Elf64_Phdr));
    }

  private:
    Header header_;
    Bytes program_headers_;
    uint64_t file_bytes_;
};

} // namespace baton::elf

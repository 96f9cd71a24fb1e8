// SPDX-License-Identifier: BSD-2-Clause
//
// The kernel's file, read by program header: a file with 200 MiB of debug information costs no more
// than a stripped one.
#pragma once

#include "elf/image.hpp"
#include "loading/decompressed_file.hpp"
#include "loading/file_source.hpp"
#include "memory/block.hpp"
#include "plan/load_plan.hpp"

#include <optional>

namespace baton {

class KernelFile {
  public:
    /// Checks the headers of a file. All three are referred to: large things that are read get
    /// frames of their own, small ones come from the arena. A file that is no ELF file, or a broken
    /// one, may still be a kernel: see not_elf().
    /// Errors: file_*, compressed_data_damaged, out_of_memory.
    static Result<KernelFile> open(FileSource& given, FrameSource& frames, Arena& arena);

    /// elf_*, of a file whose image() has no program header; nothing of an ELF file.
    const std::optional<Error>& not_elf() const { return not_elf_; }
    const elf::Image& image() const { return image_; }
    /// The first bytes: 8 KiB, of a smaller file all; more once more was asked for.
    Bytes head() const { return head_; }
    /// The first `count` bytes; of a smaller file all. Errors: file_*, out_of_memory.
    Result<Bytes> first(uint64_t count) const;
    /// The ELF header, and the program headers after it.
    Bytes headers() const { return headers_; }
    uint64_t size() const { return image_.file_bytes(); }
    /// What a compressed file holds; null: it isn't compressed.
    const DecompressedFile* decompressed() const { return decompressed_; }

    /// A part of the file, which the caller has checked to be in it. Errors: file_*, out_of_memory.
    Result<Bytes> bytes(uint64_t offset, uint64_t count) const;
    /// The same into memory of the caller's; copied, where that part was kept. Errors: file_*.
    Result<void> read(uint64_t offset, std::span<std::byte> into) const;

    /// Reads the part of the file that segments come from in one piece; what is read of it later is
    /// copied. False: it has much else, or more than 256 MiB. Errors: file_*, out_of_memory.
    Result<bool> keep_segments() const;
    /// Of that part; empty where it doesn't have them all.
    Bytes kept(uint64_t offset, uint64_t count) const {
        return fits(offset - kept_offset_, count, kept_.size())
                   ? kept_.subspan(offset - kept_offset_, count)
                   : Bytes();
    }

    /// Reads the file bytes of all segments to their frames; neighbours in one Read.
    /// Errors: file_*, out_of_memory. Returns the number of bytes read.
    Result<uint64_t> read_segments(const LoadPlan& plan) const;

    struct Symbols {
        Block symbols;
        Block strings;
    };
    /// .symtab and its string table, in frames of their own. No value: the file has none.
    /// Errors: section_headers_outside_file, symbol_table_outside_file, file_*, out_of_memory.
    Result<std::optional<Symbols>> read_symbols() const;

    /// All of the file, in frames of its own; the last page is filled with zeroes.
    /// Errors: file_*, out_of_memory.
    Result<Block> read_whole() const;

  private:
    KernelFile(FileSource& file, const DecompressedFile* decompressed, FrameSource& frames,
               Arena& arena, Bytes head, Bytes headers, const elf::Image& image)
        : file_(&file),
          decompressed_(decompressed),
          frames_(&frames),
          arena_(&arena),
          head_(head),
          headers_(headers),
          image_(image) {}

    Result<Block> read_section(const elf::Elf64_Shdr& section, uint32_t index) const;

    FileSource* file_;
    const DecompressedFile* decompressed_;
    FrameSource* frames_;
    Arena* arena_;
    mutable Bytes head_; // the first bytes of the file
    mutable Bytes kept_;
    mutable uint64_t kept_offset_ = 0;
    Bytes headers_;
    elf::Image image_;
    std::optional<Error> not_elf_;
};

} // namespace baton

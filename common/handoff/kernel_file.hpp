// SPDX-License-Identifier: BSD-2-Clause
//
// The kernel's file, read by program header: a file with 200 MiB of debug information costs no more
// than a stripped one.
#pragma once

#include "elf/image.hpp"
#include "handoff/decompressed_file.hpp"
#include "handoff/memory.hpp"
#include "handoff/platform.hpp"
#include "plan/load_plan.hpp"
#include "plan/requests.hpp"

#include <optional>
#include <span>

namespace baton {

class KernelFile {
  public:
    /// Checks the headers of a file, which is referred to, as are `frames`, which give the memory
    /// for all that is read, and `decompressed`, which gets what a compressed file holds.
    /// Errors: file_*, compressed_data_damaged, elf_*, out_of_memory.
    static Result<KernelFile> open(FileSource& given, FrameSource& frames,
                                   std::optional<DecompressedFile>& decompressed);

    const elf::Image& image() const { return image_; }
    /// The ELF header, and the program headers behind it.
    Bytes headers() const { return headers_; }
    uint64_t size() const { return size_; }

    /// What the notes say. Errors: note_malformed, notes_too_*, segment_outside_file, request_*,
    /// requested_modules_too_many, file_*, out_of_memory.
    Result<Requests> read_requests() const;

    /// Which boot protocols that Baton doesn't have the file has the headers of.
    OtherProtocols other_protocols() const;
    /// The same without reading the file: of its first bytes, and of what read_segments() has
    /// loaded.
    OtherProtocols other_protocols_in_memory(const LoadPlan& plan) const;

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
    KernelFile(FileSource& file, uint64_t size, FrameSource& frames, Bytes head, Bytes headers,
               const elf::Image& image)
        : file_(&file),
          size_(size),
          frames_(&frames),
          head_(head),
          headers_(headers),
          image_(image) {}

    Result<Bytes> bytes(uint64_t offset, uint64_t count) const;

    FileSource* file_;
    uint64_t size_;
    FrameSource* frames_;
    Bytes head_; // the first bytes of the file
    Bytes headers_;
    elf::Image image_;
};

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "core/error.hpp"
#include "elf/notes.hpp"
#include "loading/kernel_file.hpp"

#include <cstdint>
#include <optional>

namespace baton {

/// The PT_NOTE segments of an ELF file, one after the other, as far as they are of a sane size.
class NoteSegments {
  public:
    explicit NoteSegments(const KernelFile& file) : file_(file) {}

    /// The next one's notes; nothing at the end. Errors: notes_too_large, notes_too_many,
    /// segment_outside_file, file_*, out_of_memory.
    Result<std::optional<elf::NoteReader>> next();

  private:
    const KernelFile& file_;
    uint32_t index_ = 0; // of the program header to look at
    uint64_t total_ = 0; // bytes, in whole pages
};

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
//
// The notes of a PT_NOTE segment, one after the other: gABI chapter 5, "Note Section".
#pragma once

#include "core/bytes.hpp"
#include "core/error.hpp"

#include <optional>
#include <string_view>

namespace baton::elf {

struct Note {
    std::string_view owner; // without the NUL that ends it
    uint32_t type;
    Bytes descriptor;
};

/// Walks notes that nobody vouches for.
class NoteReader {
  public:
    /// `alignment` is the segment's p_align: 8 aligns names and descriptors to 8 bytes, everything
    /// else to 4. `program_header` is for errors.
    NoteReader(Bytes segment, uint64_t alignment, uint32_t program_header)
        : segment_(segment),
          alignment_(alignment == 8 ? 8 : 4),
          program_header_(program_header) {}

    /// The next note; nothing at the end. Error: note_malformed.
    Result<std::optional<Note>> next();

  private:
    Bytes segment_;
    uint64_t alignment_;
    uint32_t program_header_;
    uint64_t offset_ = 0;
};

} // namespace baton::elf

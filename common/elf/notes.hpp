// SPDX-License-Identifier: BSD-2-Clause
//
// The notes of a PT_NOTE segment, one after the other: gABI chapter 5, "Note Section".
//
// The gABI aligns a 64-bit object's descriptors and notes to 8 bytes. Practice aligns them to 4,
// whatever the class (binutils, elf/common.h and bfd's elf_parse_notes; the Linux kernel; LSB),
// with one exception: NT_GNU_PROPERTY_TYPE_0 is aligned to 8 (Linux gABI extensions,
// ".note.gnu.property"). -fcf-protection adds such a note to each object file, and a linker script
// that collects .note.* puts notes of both kinds into one segment, whose p_align is then 8. So
// p_align alone doesn't say how a note is laid out: of the two layouts, the one counts after which
// another note, or the end of the segment, follows.
#pragma once

#include "core/bytes.hpp"
#include "core/error.hpp"

#include <optional>
#include <string_view>

namespace baton::elf {

struct Note {
    std::string_view owner; // up to its first NUL
    uint32_t type;
    Bytes descriptor;
};

/// Walks notes that are not trusted.
class NoteReader {
  public:
    /// `alignment` is the segment's p_align: notes can only be aligned to 8 where that is more than
    /// 4. `program_header` is for errors.
    NoteReader(Bytes segment, uint64_t alignment, uint32_t program_header)
        : segment_(segment),
          alignment_(alignment),
          program_header_(program_header) {}

    /// The next note; nothing at the end. Zeroes between notes are padding.
    /// Error: note_malformed.
    Result<std::optional<Note>> next();

  private:
    /// Where the parts of a note are, as offsets in the segment.
    struct Place {
        uint64_t descriptor;
        uint64_t end; // with its padding, as far as the segment has it
    };
    /// What is at the end of a note: the better, the larger.
    enum class Follower : uint8_t { nonsense, padding, note_or_end };

    uint64_t rest() const { return segment_.size() - offset_; }
    uint64_t nonzero_word_from(uint64_t offset) const;
    bool named_note_at(uint64_t offset) const;
    bool property_at(uint64_t offset) const;
    std::optional<Place> place(uint32_t name_bytes, uint32_t descriptor_bytes,
                               uint64_t alignment) const;
    Follower follower(uint64_t end) const;
    bool request_at(uint64_t descriptor) const;
    std::optional<Place> choose(uint32_t name_bytes, uint32_t descriptor_bytes,
                                std::string_view owner) const;
    void skip_padding();

    Bytes segment_;
    uint64_t alignment_;
    uint32_t program_header_;
    uint64_t offset_ = 0; // a multiple of 4
};

} // namespace baton::elf

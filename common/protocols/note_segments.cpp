// SPDX-License-Identifier: BSD-2-Clause
#include "protocols/note_segments.hpp"

namespace baton {
namespace {

constexpr uint64_t kLargestNotes = uint64_t{64} << 10;
constexpr uint64_t kMostNotesBytes = uint64_t{1} << 20; // of all segments, in whole pages

} // namespace

Result<std::optional<elf::NoteReader>> NoteSegments::next() {
    const elf::Image& image = file_.image();
    while (index_ < image.program_header_count()) {
        const uint32_t i = index_++;
        const elf::Elf64_Phdr header = image.program_header(i);
        if (header.p_type != elf::PT_NOTE || header.p_filesz == 0)
            continue;
        if (header.p_filesz > kLargestNotes)
            return fail(ErrorCode::notes_too_large, {i, header.p_filesz, kLargestNotes});
        if (!fits(header.p_offset, header.p_filesz, file_.size()))
            return fail(ErrorCode::segment_outside_file,
                        {i, header.p_offset, header.p_filesz, file_.size()});
        total_ += pages_for(header.p_filesz) * kPageBytes;
        if (total_ > kMostNotesBytes)
            return fail(ErrorCode::notes_too_many, {i, total_, kMostNotesBytes});
        const Bytes segment = TRY(file_.bytes(header.p_offset, header.p_filesz));
        return elf::NoteReader(segment, header.p_align, i);
    }
    return std::nullopt;
}

} // namespace baton

// SPDX-License-Identifier: BSD-2-Clause
#include "elf/notes.hpp"

#include "core/address.hpp"
#include "elf/format.hpp"

#include <algorithm>

namespace baton::elf {

Result<std::optional<Note>> NoteReader::next() {
    // Fewer bytes than a header has are padding.
    if (!fits(offset_, sizeof(Elf64_Nhdr), segment_.size()))
        return std::nullopt;
    const auto header = read_at<Elf64_Nhdr>(segment_, offset_);
    const uint64_t name = offset_ + sizeof header;
    const uint64_t descriptor = align_up(name + header.n_namesz, alignment_);
    if (!fits(name, header.n_namesz, segment_.size()) ||
        !fits(descriptor, header.n_descsz, segment_.size()))
        return fail(ErrorCode::note_malformed,
                    {program_header_, offset_, header.n_namesz, header.n_descsz});
    offset_ =
        std::min<uint64_t>(align_up(descriptor + header.n_descsz, alignment_), segment_.size());

    std::string_view owner(reinterpret_cast<const char*>(segment_.data() + name), header.n_namesz);
    if (!owner.empty() && owner.back() == 0)
        owner.remove_suffix(1);
    return Note{owner, header.n_type, segment_.subspan(descriptor, header.n_descsz)};
}

} // namespace baton::elf

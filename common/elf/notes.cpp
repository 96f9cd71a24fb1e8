// SPDX-License-Identifier: BSD-2-Clause
#include "elf/notes.hpp"

#include "abi/boot_info.h"
#include "core/address.hpp"
#include "elf/format.hpp"

#include <algorithm>

namespace baton::elf {
namespace {

constexpr uint64_t kWord = sizeof(uint32_t);

/// Without what comes after the first NUL.
std::string_view owner_of(std::string_view name) {
    return {name.begin(), std::find(name.begin(), name.end(), '\0')};
}

} // namespace

/// The first word from `offset` on that isn't 0, or has bytes alone that are not; the segment's
/// size where all are.
uint64_t NoteReader::nonzero_word_from(uint64_t offset) const {
    const auto from = segment_.subspan(offset);
    const auto found =
        std::find_if(from.begin(), from.end(), [](std::byte byte) { return byte != std::byte{0}; });
    return found == from.end()
               ? segment_.size()
               : offset + align_down(static_cast<uint64_t>(found - from.begin()), kWord);
}

/// Whether a note with a name of printable characters fits there.
bool NoteReader::named_note_at(uint64_t offset) const {
    if (!fits(offset, sizeof(Elf64_Nhdr), segment_.size()))
        return false;
    const auto header = read_at<Elf64_Nhdr>(segment_, offset);
    const uint64_t name_at = offset + sizeof header;
    if (!fits(name_at, header.n_namesz, segment_.size()) ||
        !fits(name_at + align_up(header.n_namesz, kWord), header.n_descsz, segment_.size()))
        return false;
    const std::string_view name = text_of(segment_.subspan(name_at, header.n_namesz));
    const std::string_view owner = owner_of(name);
    const auto printable = [](char character) { return character >= ' ' && character <= '~'; };
    return !owner.empty() && std::all_of(owner.begin(), owner.end(), printable) &&
           std::all_of(name.begin() + owner.size(), name.end(), [](char end) { return end == 0; });
}

/// Whether the note there, which fits, is one of those that are aligned to 8.
bool NoteReader::property_at(uint64_t offset) const {
    const auto header = read_at<Elf64_Nhdr>(segment_, offset);
    return header.n_type == NT_GNU_PROPERTY_TYPE_0 &&
           owner_of(text_of(segment_.subspan(offset + sizeof header, header.n_namesz))) == "GNU";
}

/// No value: it reaches past the end.
std::optional<NoteReader::Place> NoteReader::place(uint32_t name_bytes, uint32_t descriptor_bytes,
                                                   uint64_t alignment) const {
    const uint64_t descriptor = align_up(offset_ + sizeof(Elf64_Nhdr) + name_bytes, alignment);
    if (!fits(descriptor, descriptor_bytes, segment_.size()))
        return std::nullopt;
    return Place{descriptor, std::min<uint64_t>(align_up(descriptor + descriptor_bytes, alignment),
                                                segment_.size())};
}

NoteReader::Follower NoteReader::follower(uint64_t end) const {
    if (end == segment_.size())
        return Follower::note_or_end;
    const uint64_t next = nonzero_word_from(end);
    if (next == segment_.size()) // a linker's padding ends where something can be aligned
        return next % 8 == 0 ? Follower::padding : Follower::nonsense;
    if (!named_note_at(next))
        return Follower::nonsense;
    return next == end || (next == align_up(end, 8) && property_at(next)) ? Follower::note_or_end
                                                                          : Follower::padding;
}

/// Whether a request can begin there: with flags of boot_info.h, and something if it is required.
bool NoteReader::request_at(uint64_t descriptor) const {
    if (!fits(descriptor, 2 * kWord, segment_.size()))
        return false;
    const auto flags = read_at<uint32_t>(segment_, descriptor);
    return flags == 0 || (flags == BATON_REQUEST_REQUIRED &&
                          read_at<uint32_t>(segment_, descriptor + kWord) != 0);
}

/// The layout by 4 bytes or by 8 of the note at offset_. No value: it fits in neither.
std::optional<NoteReader::Place> NoteReader::choose(uint32_t name_bytes, uint32_t descriptor_bytes,
                                                    std::string_view owner) const {
    const auto by_4 = place(name_bytes, descriptor_bytes, 4);
    const auto by_8 = place(name_bytes, descriptor_bytes, 8);
    if (!by_8 || alignment_ <= 4 || offset_ % 8 != 0)
        return by_4;
    const Follower after_4 = follower(by_4->end); // it fits: it needs less than the other
    const Follower after_8 = follower(by_8->end);
    if (after_8 == Follower::nonsense)
        return by_4;
    if (after_4 == Follower::nonsense)
        return by_8;
    // Both can be, because of zeroes. What matters is where our own descriptors begin.
    if (owner == BATON_REQUEST_OWNER)
        return request_at(by_8->descriptor) ? by_8 : by_4;
    return after_4 == Follower::note_or_end ? by_4 : by_8;
}

/// Zeroes up to the next note or the end. A header without a name that begins in them is a note.
void NoteReader::skip_padding() {
    const uint64_t next = nonzero_word_from(offset_);
    if (next == segment_.size() || named_note_at(next))
        offset_ = next;
    else // whole headers of zeroes are notes of nobody, without a descriptor
        offset_ += (next - offset_) / sizeof(Elf64_Nhdr) * sizeof(Elf64_Nhdr);
}

Result<std::optional<Note>> NoteReader::next() {
    skip_padding();
    if (rest() == 0)
        return std::nullopt;
    if (rest() < sizeof(Elf64_Nhdr))
        return fail(ErrorCode::note_malformed, {program_header_, offset_, 0, 0});
    const auto header = read_at<Elf64_Nhdr>(segment_, offset_);
    const auto malformed = fail(ErrorCode::note_malformed,
                                {program_header_, offset_, header.n_namesz, header.n_descsz});
    const uint64_t name = offset_ + sizeof header;
    if (!fits(name, header.n_namesz, segment_.size()))
        return malformed;
    const std::string_view owner = owner_of(text_of(segment_.subspan(name, header.n_namesz)));
    const auto found = choose(header.n_namesz, header.n_descsz, owner);
    if (!found)
        return malformed;
    offset_ = found->end;
    return Note{owner, header.n_type, segment_.subspan(found->descriptor, header.n_descsz)};
}

} // namespace baton::elf

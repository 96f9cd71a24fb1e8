// SPDX-License-Identifier: BSD-2-Clause
//
// Reads the notes of a kernel, and what it wishes for in them.
//
// The input is the segment's alignment, and its bytes. Notes are as a second reader finds them, all
// that is kept of them lies in the segment, and wishes have values that can be met somewhere.
#include "core/arena.hpp"
#include "elf/format.hpp"
#include "elf/notes.hpp"
#include "fuzz/input.hpp"
#include "fuzz/require.hpp"
#include "plan/wishes.hpp"

#include <array>
#include <optional>

namespace baton::fuzz {
namespace {

bool lies_in(std::string_view view, Bytes bytes) {
    const auto* const first = reinterpret_cast<const char*>(bytes.data());
    return view.data() >= first &&
           fits(static_cast<uint64_t>(view.data() - first), view.size(), bytes.size());
}
bool lies_in(Bytes view, Bytes bytes) {
    return lies_in({reinterpret_cast<const char*>(view.data()), view.size()}, bytes);
}

/// Where a note's parts are: gABI chapter 5, "Note Section". Offsets from the segment's beginning.
struct Place {
    uint64_t owner, owner_bytes;
    uint64_t descriptor, descriptor_bytes;
    uint32_t type;
    uint64_t next;
};

/// No value: the note doesn't fit into the segment.
std::optional<Place> place_at(Bytes segment, uint64_t offset, uint64_t alignment) {
    const auto padded = [&](uint64_t at) { return (at + alignment - 1) / alignment * alignment; };
    const auto word = [&](uint64_t at) { return uint64_t{read_at<uint32_t>(segment, at)}; };
    Place place{.owner = offset + 12,
                .owner_bytes = word(offset),
                .descriptor = 0,
                .descriptor_bytes = word(offset + 4),
                .type = read_at<uint32_t>(segment, offset + 8),
                .next = 0};
    place.descriptor = padded(place.owner + place.owner_bytes);
    const uint64_t end = place.descriptor + place.descriptor_bytes;
    place.next = padded(end);
    if (place.owner + place.owner_bytes > segment.size() || end > segment.size())
        return std::nullopt;
    return place;
}

void check_reader(Bytes segment, uint64_t alignment) {
    const uint64_t effective = alignment == 8 ? 8 : 4;
    elf::NoteReader reader(segment, alignment, 1);
    uint64_t offset = 0;
    while (true) {
        const auto note = reader.next();
        if (offset + sizeof(elf::Elf64_Nhdr) > segment.size()) {
            require(note && !*note, "the notes end where no header fits any more");
            return;
        }
        const auto place = place_at(segment, offset, effective);
        require(note.has_value() == place.has_value(), "a note that doesn't fit is refused");
        if (!note) {
            require(note.error().code == ErrorCode::note_malformed &&
                        note.error().numbers[0] == 1 && note.error().numbers[1] == offset,
                    "an error says where the note is");
            return;
        }
        require(note->has_value(), "no note is left out");
        const elf::Note& found = **note;
        require(lies_in(found.owner, segment) && lies_in(found.descriptor, segment),
                "a note's parts lie in the segment");
        require(found.type == place->type && found.descriptor.size() == place->descriptor_bytes,
                "a note is as its header says");
        if (!found.descriptor.empty())
            require(found.descriptor.data() == segment.data() + place->descriptor,
                    "a descriptor is where the alignment puts it");
        offset = place->next;
    }
}

void check_wishes(Bytes segment, uint64_t alignment) {
    std::array<WishedModule, 4> modules{}; // few, so that they run out
    Wishes wishes;
    wishes.modules = modules;
    require_named(take_notes({segment, alignment, 1}, wishes));

    require(wishes.stack_bytes != 0 && wishes.stack_bytes % kPageBytes == 0 &&
                wishes.stack_bytes <= uint64_t{1} << 30,
            "a stack is whole pages, 1 GiB at the most");
    require(!wishes.direct_map || (wishes.direct_map->value % kHugePageBytes == 0 &&
                                   wishes.direct_map->value >> 63 == 1),
            "a direct map is wished for in the upper half, at a multiple of 1 GiB");
    require(!wishes.base || wishes.base->value % kPageBytes == 0, "a base is a page's address");
    require(wishes.five_level <= BATON_FIVE_LEVEL_REQUIRED, "paging levels are one of the values");
    require(wishes.module_count <= modules.size(), "there are no more modules than room");
    for (const WishedModule& module : wishes.wished_modules()) {
        require(!module.path.empty() && lies_in(module.path, segment),
                "a module's path lies in the segment");
        require(module.path.find('\0') == std::string_view::npos, "a path ends at its NUL");
    }
    require(wishes.build_id.empty() || lies_in(wishes.build_id, segment),
            "the build id lies in the segment");
}

} // namespace
} // namespace baton::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
    using namespace baton::fuzz;
    Input input(data, size);
    const auto alignment = input.take<uint8_t>();
    const Buffer segment = input.rest();
    check_reader(segment, alignment);
    check_wishes(segment, alignment);
    return 0;
}

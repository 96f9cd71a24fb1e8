// SPDX-License-Identifier: BSD-2-Clause
//
// Reads the notes of a kernel, and what it requests in them.
//
// The input is the segment's alignment, and its bytes. Notes are as a second reader finds them, all
// that is kept of them lies in the segment, and requests have values that can be met somewhere.
#include "core/arena.hpp"
#include "elf/format.hpp"
#include "elf/notes.hpp"
#include "fuzz/input.hpp"
#include "fuzz/require.hpp"
#include "protocols/baton/notes.hpp"

#include <algorithm>
#include <array>

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

uint64_t padded(uint64_t at, uint64_t alignment) {
    return (at + alignment - 1) / alignment * alignment;
}

/// Whether a note's name and descriptor lie in the segment: gABI chapter 5, "Note Section".
bool note_fits(Bytes segment, uint64_t offset) {
    if (!fits(offset, sizeof(elf::Elf64_Nhdr), segment.size()))
        return false;
    const auto header = read_at<elf::Elf64_Nhdr>(segment, offset);
    const uint64_t name = offset + sizeof header;
    return fits(name, header.n_namesz, segment.size()) &&
           fits(padded(name + header.n_namesz, 4), header.n_descsz, segment.size());
}

bool all_zero(Bytes segment, uint64_t from, uint64_t to) {
    for (; from < to; ++from)
        if (segment[from] != std::byte{0})
            return false;
    return true;
}

/// Notes come in order, each is laid out by 4 bytes or by 8, and nothing but zeroes and their own
/// padding is left out between them.
void check_reader(Bytes segment, uint64_t alignment) {
    elf::NoteReader reader(segment, alignment, 1);
    uint64_t end = 0; // of the notes before: of the layout, too, where that is by 4
    uint64_t padding = 4;
    while (true) {
        const auto note = reader.next();
        if (!note) {
            require(note.error().code == ErrorCode::note_malformed &&
                        note.error().numbers()[0] == 1 && note.error().numbers()[1] >= end,
                    "an error says where the note is");
            require(!note_fits(segment, note.error().numbers()[1]), "a note that fits is read");
            return;
        }
        const uint64_t padded_end = std::min<uint64_t>(padded(end, padding), segment.size());
        if (!*note) {
            require(all_zero(segment, padded_end, segment.size()), "behind the notes is nothing");
            return;
        }
        const elf::Note& found = **note;
        require(lies_in(found.owner, segment) && lies_in(found.descriptor, segment),
                "a note's parts lie in the segment");
        const auto offset = static_cast<uint64_t>(found.owner.data() -
                                                  reinterpret_cast<const char*>(segment.data())) -
                            sizeof(elf::Elf64_Nhdr);
        require(offset % 4 == 0 && offset >= padded(end, 4), "notes come in order");
        require(all_zero(segment, padded_end, offset), "no note is left out");
        const auto header = read_at<elf::Elf64_Nhdr>(segment, offset);
        require(found.type == header.n_type && found.descriptor.size() == header.n_descsz &&
                    found.owner.size() <= header.n_namesz,
                "a note is as its header says");
        const auto descriptor = static_cast<uint64_t>(found.descriptor.data() - segment.data());
        const uint64_t name_end = offset + sizeof header + header.n_namesz;
        const bool may_be_by_8 = alignment > 4 && offset % 8 == 0;
        require(descriptor == padded(name_end, 4) ||
                    (may_be_by_8 && descriptor == padded(name_end, 8)),
                "a descriptor is where one of the layouts puts it");
        end = descriptor + header.n_descsz;
        padding = may_be_by_8 ? 8 : 4;
    }
}

void check_requests(Bytes segment, uint64_t alignment) {
    std::array<RequestedModule, 4> modules{}; // few, so that they run out
    Requests requests;
    requests.modules = modules;
    require_named(take_notes({segment, alignment, 1}, requests));

    require(requests.stack_bytes != 0 && requests.stack_bytes % kPageBytes == 0 &&
                requests.stack_bytes <= uint64_t{1} << 30,
            "a stack is whole pages, 1 GiB at the most");
    require(!requests.direct_map || (requests.direct_map->value % kHugePageBytes == 0 &&
                                     requests.direct_map->value >> 63 == 1),
            "a direct map is requested in the upper half, at a multiple of 1 GiB");
    require(!requests.base || requests.base->value % kPageBytes == 0, "a base is a page's address");
    require(requests.five_level <= BATON_FIVE_LEVEL_REQUIRED,
            "paging levels are one of the values");
    require(requests.module_count <= modules.size(), "there are no more modules than room");
    for (const RequestedModule& module : requests.requested_modules()) {
        require(!module.path.empty() && lies_in(module.path, segment),
                "a module's path lies in the segment");
        require(module.path.find('\0') == std::string_view::npos, "a path ends at its NUL");
    }
    require(requests.build_id.empty() || lies_in(requests.build_id, segment),
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
    check_requests(segment, alignment);
    return 0;
}

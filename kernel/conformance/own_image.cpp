// SPDX-License-Identifier: BSD-2-Clause
#include "own_image.hpp"

/// Defined by the linker, at the ELF header's place in the image.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" [[gnu::visibility("hidden")]] const conformance::elf::Header __ehdr_start;

/// A test that adds segments finds this by its magic and fills it in. In .data, and visible to
/// other files, so that the compiler doesn't take it for a constant.
struct AddedSegments {
    char magic[16];
    uint64_t headers; // address of all program headers; 0: none have been added
    uint32_t count;   // of them all
    uint32_t first_added;
};
[[gnu::visibility("hidden"), gnu::section(".data")]] constinit AddedSegments added_segments = {
    "added segments:", 0, 0, 0};

namespace conformance::own_image {
namespace {

constexpr uint64_t kPageBytes = 4096;

uint64_t padded(uint64_t bytes) {
    return (bytes + 3) / 4 * 4;
}

struct Note {
    std::string_view owner; // without its NUL
    uint32_t type;
    std::span<const uint8_t> descriptor;
    const void* start;
};

/// Calls `visit(Note)` for each note of each PT_NOTE.
template<class Visit>
void for_each_note(Visit visit) {
    for (const elf::ProgramHeader& header : program_headers()) {
        if (header.p_type != elf::PT_NOTE)
            continue;
        const uint64_t end = header.p_vaddr + slide() + header.p_memsz;
        for (uint64_t at = header.p_vaddr + slide(); at + sizeof(elf::NoteHeader) <= end;) {
            const auto* note = reinterpret_cast<const elf::NoteHeader*>(at);
            const uint64_t name = at + sizeof *note;
            const uint64_t descriptor = name + padded(note->n_namesz);
            const uint32_t owner_bytes = note->n_namesz == 0 ? 0 : note->n_namesz - 1;
            visit(Note{.owner = {reinterpret_cast<const char*>(name), owner_bytes},
                       .type = note->n_type,
                       .descriptor = {reinterpret_cast<const uint8_t*>(descriptor), note->n_descsz},
                       .start = note});
            at = descriptor + padded(note->n_descsz);
        }
    }
}

/// Whether PT_GNU_RELRO takes the right to write from a page: those from the page that it begins in
/// to the last one that it fills.
bool is_relro_page(uint64_t page) {
    const std::optional<Segment> relro = segment_of_type(elf::PT_GNU_RELRO);
    if (!relro)
        return false;
    const uint64_t first = relro->base / kPageBytes * kPageBytes;
    const uint64_t end = (relro->base + relro->bytes) / kPageBytes * kPageBytes;
    return page >= first && page < end;
}

} // namespace

const elf::Header& header() {
    return __ehdr_start;
}

Segment to_segment(const elf::ProgramHeader& header) {
    return {.base = header.p_vaddr + slide(),
            .bytes = header.p_memsz,
            .file_bytes = header.p_filesz,
            .alignment = header.p_align,
            .flags = header.p_flags};
}

std::span<const elf::ProgramHeader> program_headers() {
    if (added_segments.headers != 0)
        return {reinterpret_cast<const elf::ProgramHeader*>(added_segments.headers),
                added_segments.count};
    const auto first = reinterpret_cast<uint64_t>(&__ehdr_start) + __ehdr_start.e_phoff;
    return {reinterpret_cast<const elf::ProgramHeader*>(first), __ehdr_start.e_phnum};
}

uint64_t slide() {
    for (const elf::ProgramHeader& header : program_headers())
        if (header.p_type == elf::PT_LOAD && header.p_offset == 0) // has the ELF header
            return reinterpret_cast<uint64_t>(&__ehdr_start) - header.p_vaddr;
    return 0;
}

uint64_t entry() {
    return __ehdr_start.e_entry + slide();
}

bool is_position_independent() {
    return __ehdr_start.e_type == elf::ET_DYN;
}

std::span<const elf::ProgramHeader> added_program_headers() {
    if (added_segments.headers == 0)
        return {};
    return program_headers().subspan(added_segments.first_added);
}

std::optional<Segment> segment_of_type(uint32_t type) {
    for (const elf::ProgramHeader& header : program_headers())
        if (header.p_type == type)
            return to_segment(header);
    return {};
}

uint32_t page_permissions(uint64_t page) {
    uint32_t permissions = 0;
    for (const elf::ProgramHeader& header : program_headers())
        if (header.p_type == elf::PT_LOAD && to_segment(header).touches(page, kPageBytes))
            permissions |= header.p_flags;
    return is_relro_page(page) ? permissions & ~elf::PF_W : permissions;
}

std::span<const uint8_t> build_id() {
    std::span<const uint8_t> found;
    for_each_note([&](const Note& note) {
        if (note.owner == "GNU" && note.type == elf::NT_GNU_BUILD_ID)
            found = note.descriptor;
    });
    return found;
}

const BatonRequestNote* request(BatonRequestType type) {
    const BatonRequestNote* found = nullptr;
    for_each_note([&](const Note& note) {
        if (note.owner == BATON_REQUEST_OWNER && note.type == type)
            found = static_cast<const BatonRequestNote*>(note.start);
    });
    return found;
}

std::string_view requested_module() {
    std::string_view found;
    for_each_note([&](const Note& note) {
        if (note.owner == BATON_REQUEST_OWNER && note.type == BATON_REQUEST_MODULE && found.empty())
            found = reinterpret_cast<const char*>(note.descriptor.data()) + sizeof(uint32_t);
    });
    return found;
}

} // namespace conformance::own_image

// SPDX-License-Identifier: BSD-2-Clause
#include "tools/baton/program.hpp"

#include "core/text.hpp"
#include "elf/notes.hpp"
#include "plan/load_plan.hpp"
#include "tools/baton/failure.hpp"
#include "tools/baton/files.hpp"
#include "tools/baton/text.hpp"

#include <algorithm>

namespace baton::tool {

Program::Program(const std::filesystem::path& file)
    : file_(file),
      bytes_(read_file(file)),
      image_(elf::Image::parse(bytes_)),
      debug_info_(file) {
    if (!image_)
        throw Failure(file.string() + ": " + string_of(Text().error(image_.error())));
    if (const auto extent = measure(*image_))
        lowest_ = extent->lowest.value;
}

std::optional<uint64_t> Program::find_code(uint64_t offset_in_page, Bytes code) const {
    std::optional<uint64_t> found;
    for (uint32_t i = 0; i < image_->program_header_count(); ++i) {
        const elf::Elf64_Phdr header = image_->program_header(i);
        if (header.p_type != elf::PT_LOAD || (header.p_flags & elf::PF_X) == 0 ||
            !fits(header.p_offset, header.p_filesz, bytes_.size()))
            continue;
        const Bytes content = Bytes(bytes_).subspan(header.p_offset, header.p_filesz);
        for (uint64_t at = (offset_in_page - header.p_vaddr) % kPageBytes;
             fits(at, code.size(), content.size()); at += kPageBytes) {
            if (!std::ranges::equal(content.subspan(at, code.size()), code))
                continue;
            if (found)
                return {};
            found = header.p_vaddr + at;
        }
    }
    return found;
}

bool Program::has(uint64_t address, uint32_t flags) const {
    for (uint32_t i = 0; i < image_->program_header_count(); ++i) {
        const elf::Elf64_Phdr header = image_->program_header(i);
        if (header.p_type == elf::PT_LOAD && (header.p_flags & flags) != 0 &&
            address - header.p_vaddr < header.p_memsz)
            return true;
    }
    return false;
}

std::optional<uint64_t> Program::linked(uint64_t physical) const {
    for (uint32_t i = 0; i < image_->program_header_count(); ++i) {
        const elf::Elf64_Phdr header = image_->program_header(i);
        if (header.p_type == elf::PT_LOAD && physical - header.p_paddr < header.p_memsz)
            return physical - header.p_paddr + header.p_vaddr;
    }
    return {};
}

bool Program::has_anywhere(uint64_t address) const {
    return has(address, elf::PF_R | elf::PF_W | elf::PF_X) || linked(address);
}

Bytes Program::code_at(uint64_t address) const {
    for (uint32_t i = 0; i < image_->program_header_count(); ++i) {
        const elf::Elf64_Phdr header = image_->program_header(i);
        const uint64_t offset = address - header.p_vaddr;
        if (header.p_type == elf::PT_LOAD && offset < header.p_filesz &&
            fits(header.p_offset, header.p_filesz, bytes_.size()))
            return Bytes(bytes_).subspan(header.p_offset + offset, header.p_filesz - offset);
    }
    return {};
}

std::string Program::build_id() const {
    constexpr std::size_t kShown = 20; // bytes
    for (uint32_t i = 0; i < image_->program_header_count(); ++i) {
        const elf::Elf64_Phdr header = image_->program_header(i);
        if (header.p_type != elf::PT_NOTE || !fits(header.p_offset, header.p_filesz, bytes_.size()))
            continue;
        elf::NoteReader notes(Bytes(bytes_).subspan(header.p_offset, header.p_filesz),
                              header.p_align, i);
        while (true) {
            const auto note = notes.next();
            if (!note || !*note)
                break;
            if ((*note)->owner != "GNU" || (*note)->type != elf::NT_GNU_BUILD_ID)
                continue;
            Text id;
            for (const std::byte byte :
                 (*note)->descriptor.first(std::min((*note)->descriptor.size(), kShown)))
                id.hex_byte(static_cast<uint8_t>(byte));
            return string_of(id);
        }
    }
    return {};
}

std::string places_text(const Program& program, const std::string& label, uint64_t address,
                        uint64_t linked) {
    std::string begin = label + hex_text(address, 16) + "  ";
    const auto found = program.debug_info().places(linked);
    if (found.empty())
        return begin + "in " + program.file().filename().string() + ", which has no symbol there\n";
    std::string text;
    for (const SourcePlace& place : found) {
        text += begin + (place.function.empty() ? "?" : place.function);
        if (!place.file.empty())
            text += " at " + place.file + ":" + std::to_string(place.line);
        text += "\n";
        begin = std::string(label.size() + 18, ' ') + "  inlined in ";
    }
    return text;
}

} // namespace baton::tool
